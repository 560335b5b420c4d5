using Microsoft.VisualStudio.TestTools.UnitTesting;

using NormKernels.Tests.Support;

namespace NormKernels.Tests.Norms;

[TestClass]
public sealed class LayerNormAccuracyF32() : AccuracySuite(NormUnderTest.LayerNorm, Dtype.F32);

[TestClass]
public sealed class LayerNormAccuracyF16() : AccuracySuite(NormUnderTest.LayerNorm, Dtype.F16);

[TestClass]
public sealed class LayerNormAccuracyBF16() : AccuracySuite(NormUnderTest.LayerNorm, Dtype.BF16);

[TestClass]
public sealed class RmsNormAccuracyF32() : AccuracySuite(NormUnderTest.RmsNorm, Dtype.F32);

[TestClass]
public sealed class RmsNormAccuracyF16() : AccuracySuite(NormUnderTest.RmsNorm, Dtype.F16);

[TestClass]
public sealed class RmsNormAccuracyBF16() : AccuracySuite(NormUnderTest.RmsNorm, Dtype.BF16);

[TestClass]
public sealed class LayerNormSameBitsF32() : RowSameBitsSuite(NormUnderTest.LayerNorm, Dtype.F32);

[TestClass]
public sealed class LayerNormSameBitsF16() : RowSameBitsSuite(NormUnderTest.LayerNorm, Dtype.F16);

[TestClass]
public sealed class LayerNormSameBitsBF16() : RowSameBitsSuite(NormUnderTest.LayerNorm, Dtype.BF16);

[TestClass]
public sealed class RmsNormSameBitsF32() : RowSameBitsSuite(NormUnderTest.RmsNorm, Dtype.F32);

[TestClass]
public sealed class RmsNormSameBitsF16() : RowSameBitsSuite(NormUnderTest.RmsNorm, Dtype.F16);

[TestClass]
public sealed class RmsNormSameBitsBF16() : RowSameBitsSuite(NormUnderTest.RmsNorm, Dtype.BF16);

[TestClass]
public sealed class LayerNormBadArgumentF32() : RowBadArgumentSuite(NormUnderTest.LayerNorm, Dtype.F32);

[TestClass]
public sealed class LayerNormBadArgumentF16() : RowBadArgumentSuite(NormUnderTest.LayerNorm, Dtype.F16);

[TestClass]
public sealed class LayerNormBadArgumentBF16() : RowBadArgumentSuite(NormUnderTest.LayerNorm, Dtype.BF16);

[TestClass]
public sealed class RmsNormBadArgumentF32() : RowBadArgumentSuite(NormUnderTest.RmsNorm, Dtype.F32);

[TestClass]
public sealed class RmsNormBadArgumentF16() : RowBadArgumentSuite(NormUnderTest.RmsNorm, Dtype.F16);

[TestClass]
public sealed class RmsNormBadArgumentBF16() : RowBadArgumentSuite(NormUnderTest.RmsNorm, Dtype.BF16);

[TestClass]
public sealed class LayerNormGuardF32() : GuardSuite(NormUnderTest.LayerNorm, Dtype.F32);

[TestClass]
public sealed class LayerNormGuardF16() : GuardSuite(NormUnderTest.LayerNorm, Dtype.F16);

[TestClass]
public sealed class LayerNormGuardBF16() : GuardSuite(NormUnderTest.LayerNorm, Dtype.BF16);

[TestClass]
public sealed class RmsNormGuardF32() : GuardSuite(NormUnderTest.RmsNorm, Dtype.F32);

[TestClass]
public sealed class RmsNormGuardF16() : GuardSuite(NormUnderTest.RmsNorm, Dtype.F16);

[TestClass]
public sealed class RmsNormGuardBF16() : GuardSuite(NormUnderTest.RmsNorm, Dtype.BF16);

[TestClass]
public sealed class LayerNormNumbersF32() : NumbersSuite(NormUnderTest.LayerNorm, Dtype.F32);

[TestClass]
public sealed class LayerNormNumbersF16() : NumbersSuite(NormUnderTest.LayerNorm, Dtype.F16);

[TestClass]
public sealed class LayerNormNumbersBF16() : NumbersSuite(NormUnderTest.LayerNorm, Dtype.BF16);

[TestClass]
public sealed class RmsNormNumbersF32() : NumbersSuite(NormUnderTest.RmsNorm, Dtype.F32);

[TestClass]
public sealed class RmsNormNumbersF16() : NumbersSuite(NormUnderTest.RmsNorm, Dtype.F16);

[TestClass]
public sealed class RmsNormNumbersBF16() : NumbersSuite(NormUnderTest.RmsNorm, Dtype.BF16);

[TestClass]
public sealed class LayerNormStorageF32() : StorageSuite(NormUnderTest.LayerNorm, Dtype.F32);

[TestClass]
public sealed class LayerNormStorageF16() : StorageSuite(NormUnderTest.LayerNorm, Dtype.F16);

[TestClass]
public sealed class LayerNormStorageBF16() : StorageSuite(NormUnderTest.LayerNorm, Dtype.BF16);

[TestClass]
public sealed class RmsNormStorageF32() : StorageSuite(NormUnderTest.RmsNorm, Dtype.F32);

[TestClass]
public sealed class RmsNormStorageF16() : StorageSuite(NormUnderTest.RmsNorm, Dtype.F16);

[TestClass]
public sealed class RmsNormStorageBF16() : StorageSuite(NormUnderTest.RmsNorm, Dtype.BF16);

[TestClass]
public sealed class LayerNormAllocationF32() : AllocationSuite(NormUnderTest.LayerNorm, Dtype.F32);

[TestClass]
public sealed class LayerNormAllocationF16() : AllocationSuite(NormUnderTest.LayerNorm, Dtype.F16);

[TestClass]
public sealed class LayerNormAllocationBF16() : AllocationSuite(NormUnderTest.LayerNorm, Dtype.BF16);

[TestClass]
public sealed class RmsNormAllocationF32() : AllocationSuite(NormUnderTest.RmsNorm, Dtype.F32);

[TestClass]
public sealed class RmsNormAllocationF16() : AllocationSuite(NormUnderTest.RmsNorm, Dtype.F16);

[TestClass]
public sealed class RmsNormAllocationBF16() : AllocationSuite(NormUnderTest.RmsNorm, Dtype.BF16);
