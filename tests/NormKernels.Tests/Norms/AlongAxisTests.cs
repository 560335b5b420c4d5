using Microsoft.VisualStudio.TestTools.UnitTesting;

using NormKernels.Tests.Support;

namespace NormKernels.Tests.Norms;

[TestClass]
public sealed class AxisNormAccuracyF32() : AccuracySuite(NormUnderTest.AxisNorm, Dtype.F32);

[TestClass]
public sealed class AxisNormAccuracyF16() : AccuracySuite(NormUnderTest.AxisNorm, Dtype.F16);

[TestClass]
public sealed class AxisNormAccuracyBF16() : AccuracySuite(NormUnderTest.AxisNorm, Dtype.BF16);

[TestClass]
public sealed class L2NormalizeAccuracyF32() : AccuracySuite(NormUnderTest.L2Normalize, Dtype.F32);

[TestClass]
public sealed class L2NormalizeAccuracyF16() : AccuracySuite(NormUnderTest.L2Normalize, Dtype.F16);

[TestClass]
public sealed class L2NormalizeAccuracyBF16() : AccuracySuite(NormUnderTest.L2Normalize, Dtype.BF16);

[TestClass]
public sealed class WeightNormAccuracyF32() : AccuracySuite(NormUnderTest.WeightNorm, Dtype.F32);

[TestClass]
public sealed class WeightNormAccuracyF16() : AccuracySuite(NormUnderTest.WeightNorm, Dtype.F16);

[TestClass]
public sealed class WeightNormAccuracyBF16() : AccuracySuite(NormUnderTest.WeightNorm, Dtype.BF16);

[TestClass]
public sealed class AxisNormSameBitsF32() : SameBitsSuite(NormUnderTest.AxisNorm, Dtype.F32);

[TestClass]
public sealed class AxisNormSameBitsF16() : SameBitsSuite(NormUnderTest.AxisNorm, Dtype.F16);

[TestClass]
public sealed class AxisNormSameBitsBF16() : SameBitsSuite(NormUnderTest.AxisNorm, Dtype.BF16);

[TestClass]
public sealed class L2NormalizeSameBitsF32() : SameBitsSuite(NormUnderTest.L2Normalize, Dtype.F32);

[TestClass]
public sealed class L2NormalizeSameBitsF16() : SameBitsSuite(NormUnderTest.L2Normalize, Dtype.F16);

[TestClass]
public sealed class L2NormalizeSameBitsBF16() : SameBitsSuite(NormUnderTest.L2Normalize, Dtype.BF16);

[TestClass]
public sealed class WeightNormSameBitsF32() : SameBitsSuite(NormUnderTest.WeightNorm, Dtype.F32);

[TestClass]
public sealed class WeightNormSameBitsF16() : SameBitsSuite(NormUnderTest.WeightNorm, Dtype.F16);

[TestClass]
public sealed class WeightNormSameBitsBF16() : SameBitsSuite(NormUnderTest.WeightNorm, Dtype.BF16);

[TestClass]
public sealed class AxisNormBadArgumentF32() : BadArgumentSuite(NormUnderTest.AxisNorm, Dtype.F32);

[TestClass]
public sealed class AxisNormBadArgumentF16() : BadArgumentSuite(NormUnderTest.AxisNorm, Dtype.F16);

[TestClass]
public sealed class AxisNormBadArgumentBF16() : BadArgumentSuite(NormUnderTest.AxisNorm, Dtype.BF16);

[TestClass]
public sealed class L2NormalizeBadArgumentF32() : BadArgumentSuite(NormUnderTest.L2Normalize, Dtype.F32);

[TestClass]
public sealed class L2NormalizeBadArgumentF16() : BadArgumentSuite(NormUnderTest.L2Normalize, Dtype.F16);

[TestClass]
public sealed class L2NormalizeBadArgumentBF16() : BadArgumentSuite(NormUnderTest.L2Normalize, Dtype.BF16);

[TestClass]
public sealed class WeightNormBadArgumentF32() : BadArgumentSuite(NormUnderTest.WeightNorm, Dtype.F32);

[TestClass]
public sealed class WeightNormBadArgumentF16() : BadArgumentSuite(NormUnderTest.WeightNorm, Dtype.F16);

[TestClass]
public sealed class WeightNormBadArgumentBF16() : BadArgumentSuite(NormUnderTest.WeightNorm, Dtype.BF16);

[TestClass]
public sealed class AxisNormGuardF32() : GuardSuite(NormUnderTest.AxisNorm, Dtype.F32);

[TestClass]
public sealed class AxisNormGuardF16() : GuardSuite(NormUnderTest.AxisNorm, Dtype.F16);

[TestClass]
public sealed class AxisNormGuardBF16() : GuardSuite(NormUnderTest.AxisNorm, Dtype.BF16);

[TestClass]
public sealed class L2NormalizeGuardF32() : GuardSuite(NormUnderTest.L2Normalize, Dtype.F32);

[TestClass]
public sealed class L2NormalizeGuardF16() : GuardSuite(NormUnderTest.L2Normalize, Dtype.F16);

[TestClass]
public sealed class L2NormalizeGuardBF16() : GuardSuite(NormUnderTest.L2Normalize, Dtype.BF16);

[TestClass]
public sealed class WeightNormGuardF32() : GuardSuite(NormUnderTest.WeightNorm, Dtype.F32);

[TestClass]
public sealed class WeightNormGuardF16() : GuardSuite(NormUnderTest.WeightNorm, Dtype.F16);

[TestClass]
public sealed class WeightNormGuardBF16() : GuardSuite(NormUnderTest.WeightNorm, Dtype.BF16);

[TestClass]
public sealed class AxisNormNumbersF32() : NumbersSuite(NormUnderTest.AxisNorm, Dtype.F32);

[TestClass]
public sealed class AxisNormNumbersF16() : NumbersSuite(NormUnderTest.AxisNorm, Dtype.F16);

[TestClass]
public sealed class AxisNormNumbersBF16() : NumbersSuite(NormUnderTest.AxisNorm, Dtype.BF16);

[TestClass]
public sealed class L2NormalizeNumbersF32() : NumbersSuite(NormUnderTest.L2Normalize, Dtype.F32);

[TestClass]
public sealed class L2NormalizeNumbersF16() : NumbersSuite(NormUnderTest.L2Normalize, Dtype.F16);

[TestClass]
public sealed class L2NormalizeNumbersBF16() : NumbersSuite(NormUnderTest.L2Normalize, Dtype.BF16);

[TestClass]
public sealed class WeightNormNumbersF32() : NumbersSuite(NormUnderTest.WeightNorm, Dtype.F32);

[TestClass]
public sealed class WeightNormNumbersF16() : NumbersSuite(NormUnderTest.WeightNorm, Dtype.F16);

[TestClass]
public sealed class WeightNormNumbersBF16() : NumbersSuite(NormUnderTest.WeightNorm, Dtype.BF16);

[TestClass]
public sealed class AxisNormAllocationF32() : AllocationSuite(NormUnderTest.AxisNorm, Dtype.F32);

[TestClass]
public sealed class AxisNormAllocationF16() : AllocationSuite(NormUnderTest.AxisNorm, Dtype.F16);

[TestClass]
public sealed class AxisNormAllocationBF16() : AllocationSuite(NormUnderTest.AxisNorm, Dtype.BF16);

[TestClass]
public sealed class L2NormalizeAllocationF32() : AllocationSuite(NormUnderTest.L2Normalize, Dtype.F32);

[TestClass]
public sealed class L2NormalizeAllocationF16() : AllocationSuite(NormUnderTest.L2Normalize, Dtype.F16);

[TestClass]
public sealed class L2NormalizeAllocationBF16() : AllocationSuite(NormUnderTest.L2Normalize, Dtype.BF16);

[TestClass]
public sealed class WeightNormAllocationF32() : AllocationSuite(NormUnderTest.WeightNorm, Dtype.F32);

[TestClass]
public sealed class WeightNormAllocationF16() : AllocationSuite(NormUnderTest.WeightNorm, Dtype.F16);

[TestClass]
public sealed class WeightNormAllocationBF16() : AllocationSuite(NormUnderTest.WeightNorm, Dtype.BF16);
