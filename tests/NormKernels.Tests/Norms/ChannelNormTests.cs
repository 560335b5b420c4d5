using Microsoft.VisualStudio.TestTools.UnitTesting;

using NormKernels.Tests.Support;

namespace NormKernels.Tests.Norms;

[TestClass]
public sealed class GroupNormAccuracyF32() : AccuracySuite(NormUnderTest.GroupNorm, Dtype.F32);

[TestClass]
public sealed class GroupNormAccuracyF16() : AccuracySuite(NormUnderTest.GroupNorm, Dtype.F16);

[TestClass]
public sealed class GroupNormAccuracyBF16() : AccuracySuite(NormUnderTest.GroupNorm, Dtype.BF16);

[TestClass]
public sealed class InstanceNormAccuracyF32() : AccuracySuite(NormUnderTest.InstanceNorm, Dtype.F32);

[TestClass]
public sealed class InstanceNormAccuracyF16() : AccuracySuite(NormUnderTest.InstanceNorm, Dtype.F16);

[TestClass]
public sealed class InstanceNormAccuracyBF16() : AccuracySuite(NormUnderTest.InstanceNorm, Dtype.BF16);

[TestClass]
public sealed class BatchNormAccuracyF32() : AccuracySuite(NormUnderTest.BatchNorm, Dtype.F32);

[TestClass]
public sealed class BatchNormAccuracyF16() : AccuracySuite(NormUnderTest.BatchNorm, Dtype.F16);

[TestClass]
public sealed class BatchNormAccuracyBF16() : AccuracySuite(NormUnderTest.BatchNorm, Dtype.BF16);

[TestClass]
public sealed class GroupNormSameBitsF32() : SameBitsSuite(NormUnderTest.GroupNorm, Dtype.F32);

[TestClass]
public sealed class GroupNormSameBitsF16() : SameBitsSuite(NormUnderTest.GroupNorm, Dtype.F16);

[TestClass]
public sealed class GroupNormSameBitsBF16() : SameBitsSuite(NormUnderTest.GroupNorm, Dtype.BF16);

[TestClass]
public sealed class InstanceNormSameBitsF32() : SameBitsSuite(NormUnderTest.InstanceNorm, Dtype.F32);

[TestClass]
public sealed class InstanceNormSameBitsF16() : SameBitsSuite(NormUnderTest.InstanceNorm, Dtype.F16);

[TestClass]
public sealed class InstanceNormSameBitsBF16() : SameBitsSuite(NormUnderTest.InstanceNorm, Dtype.BF16);

[TestClass]
public sealed class BatchNormSameBitsF32() : SameBitsSuite(NormUnderTest.BatchNorm, Dtype.F32);

[TestClass]
public sealed class BatchNormSameBitsF16() : SameBitsSuite(NormUnderTest.BatchNorm, Dtype.F16);

[TestClass]
public sealed class BatchNormSameBitsBF16() : SameBitsSuite(NormUnderTest.BatchNorm, Dtype.BF16);

[TestClass]
public sealed class GroupNormBadArgumentF32() : BadArgumentSuite(NormUnderTest.GroupNorm, Dtype.F32);

[TestClass]
public sealed class GroupNormBadArgumentF16() : BadArgumentSuite(NormUnderTest.GroupNorm, Dtype.F16);

[TestClass]
public sealed class GroupNormBadArgumentBF16() : BadArgumentSuite(NormUnderTest.GroupNorm, Dtype.BF16);

[TestClass]
public sealed class InstanceNormBadArgumentF32() : BadArgumentSuite(NormUnderTest.InstanceNorm, Dtype.F32);

[TestClass]
public sealed class InstanceNormBadArgumentF16() : BadArgumentSuite(NormUnderTest.InstanceNorm, Dtype.F16);

[TestClass]
public sealed class InstanceNormBadArgumentBF16() : BadArgumentSuite(NormUnderTest.InstanceNorm, Dtype.BF16);

[TestClass]
public sealed class BatchNormBadArgumentF32() : BadArgumentSuite(NormUnderTest.BatchNorm, Dtype.F32);

[TestClass]
public sealed class BatchNormBadArgumentF16() : BadArgumentSuite(NormUnderTest.BatchNorm, Dtype.F16);

[TestClass]
public sealed class BatchNormBadArgumentBF16() : BadArgumentSuite(NormUnderTest.BatchNorm, Dtype.BF16);

[TestClass]
public sealed class GroupNormGuardF32() : GuardSuite(NormUnderTest.GroupNorm, Dtype.F32);

[TestClass]
public sealed class GroupNormGuardF16() : GuardSuite(NormUnderTest.GroupNorm, Dtype.F16);

[TestClass]
public sealed class GroupNormGuardBF16() : GuardSuite(NormUnderTest.GroupNorm, Dtype.BF16);

[TestClass]
public sealed class InstanceNormGuardF32() : GuardSuite(NormUnderTest.InstanceNorm, Dtype.F32);

[TestClass]
public sealed class InstanceNormGuardF16() : GuardSuite(NormUnderTest.InstanceNorm, Dtype.F16);

[TestClass]
public sealed class InstanceNormGuardBF16() : GuardSuite(NormUnderTest.InstanceNorm, Dtype.BF16);

[TestClass]
public sealed class BatchNormGuardF32() : GuardSuite(NormUnderTest.BatchNorm, Dtype.F32);

[TestClass]
public sealed class BatchNormGuardF16() : GuardSuite(NormUnderTest.BatchNorm, Dtype.F16);

[TestClass]
public sealed class BatchNormGuardBF16() : GuardSuite(NormUnderTest.BatchNorm, Dtype.BF16);

[TestClass]
public sealed class GroupNormNumbersF32() : NumbersSuite(NormUnderTest.GroupNorm, Dtype.F32);

[TestClass]
public sealed class GroupNormNumbersF16() : NumbersSuite(NormUnderTest.GroupNorm, Dtype.F16);

[TestClass]
public sealed class GroupNormNumbersBF16() : NumbersSuite(NormUnderTest.GroupNorm, Dtype.BF16);

[TestClass]
public sealed class InstanceNormNumbersF32() : NumbersSuite(NormUnderTest.InstanceNorm, Dtype.F32);

[TestClass]
public sealed class InstanceNormNumbersF16() : NumbersSuite(NormUnderTest.InstanceNorm, Dtype.F16);

[TestClass]
public sealed class InstanceNormNumbersBF16() : NumbersSuite(NormUnderTest.InstanceNorm, Dtype.BF16);

[TestClass]
public sealed class BatchNormNumbersF32() : NumbersSuite(NormUnderTest.BatchNorm, Dtype.F32);

[TestClass]
public sealed class BatchNormNumbersF16() : NumbersSuite(NormUnderTest.BatchNorm, Dtype.F16);

[TestClass]
public sealed class BatchNormNumbersBF16() : NumbersSuite(NormUnderTest.BatchNorm, Dtype.BF16);

[TestClass]
public sealed class GroupNormAllocationF32() : AllocationSuite(NormUnderTest.GroupNorm, Dtype.F32);

[TestClass]
public sealed class GroupNormAllocationF16() : AllocationSuite(NormUnderTest.GroupNorm, Dtype.F16);

[TestClass]
public sealed class GroupNormAllocationBF16() : AllocationSuite(NormUnderTest.GroupNorm, Dtype.BF16);

[TestClass]
public sealed class InstanceNormAllocationF32() : AllocationSuite(NormUnderTest.InstanceNorm, Dtype.F32);

[TestClass]
public sealed class InstanceNormAllocationF16() : AllocationSuite(NormUnderTest.InstanceNorm, Dtype.F16);

[TestClass]
public sealed class InstanceNormAllocationBF16() : AllocationSuite(NormUnderTest.InstanceNorm, Dtype.BF16);

[TestClass]
public sealed class BatchNormAllocationF32() : AllocationSuite(NormUnderTest.BatchNorm, Dtype.F32);

[TestClass]
public sealed class BatchNormAllocationF16() : AllocationSuite(NormUnderTest.BatchNorm, Dtype.F16);

[TestClass]
public sealed class BatchNormAllocationBF16() : AllocationSuite(NormUnderTest.BatchNorm, Dtype.BF16);
