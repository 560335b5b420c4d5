using Microsoft.VisualStudio.TestTools.UnitTesting;

using NormKernels.Tests.Support;

namespace NormKernels.Tests.Norms;

[TestClass]
public sealed class LayerNormAccuracyF32() : AccuracySuite(RowNorms.LayerNorm, Dtype.F32);

[TestClass]
public sealed class LayerNormAccuracyF16() : AccuracySuite(RowNorms.LayerNorm, Dtype.F16);

[TestClass]
public sealed class LayerNormAccuracyBF16() : AccuracySuite(RowNorms.LayerNorm, Dtype.BF16);

[TestClass]
public sealed class RmsNormAccuracyF32() : AccuracySuite(RowNorms.RmsNorm, Dtype.F32);

[TestClass]
public sealed class RmsNormAccuracyF16() : AccuracySuite(RowNorms.RmsNorm, Dtype.F16);

[TestClass]
public sealed class RmsNormAccuracyBF16() : AccuracySuite(RowNorms.RmsNorm, Dtype.BF16);

[TestClass]
public sealed class LayerNormSameBitsF32() : SameBitsSuite(RowNorms.LayerNorm, Dtype.F32);

[TestClass]
public sealed class LayerNormSameBitsF16() : SameBitsSuite(RowNorms.LayerNorm, Dtype.F16);

[TestClass]
public sealed class LayerNormSameBitsBF16() : SameBitsSuite(RowNorms.LayerNorm, Dtype.BF16);

[TestClass]
public sealed class RmsNormSameBitsF32() : SameBitsSuite(RowNorms.RmsNorm, Dtype.F32);

[TestClass]
public sealed class RmsNormSameBitsF16() : SameBitsSuite(RowNorms.RmsNorm, Dtype.F16);

[TestClass]
public sealed class RmsNormSameBitsBF16() : SameBitsSuite(RowNorms.RmsNorm, Dtype.BF16);

[TestClass]
public sealed class LayerNormBadArgumentF32() : BadArgumentSuite(RowNorms.LayerNorm, Dtype.F32);

[TestClass]
public sealed class LayerNormBadArgumentF16() : BadArgumentSuite(RowNorms.LayerNorm, Dtype.F16);

[TestClass]
public sealed class LayerNormBadArgumentBF16() : BadArgumentSuite(RowNorms.LayerNorm, Dtype.BF16);

[TestClass]
public sealed class RmsNormBadArgumentF32() : BadArgumentSuite(RowNorms.RmsNorm, Dtype.F32);

[TestClass]
public sealed class RmsNormBadArgumentF16() : BadArgumentSuite(RowNorms.RmsNorm, Dtype.F16);

[TestClass]
public sealed class RmsNormBadArgumentBF16() : BadArgumentSuite(RowNorms.RmsNorm, Dtype.BF16);

[TestClass]
public sealed class LayerNormGuardF32() : GuardSuite(RowNorms.LayerNorm, Dtype.F32);

[TestClass]
public sealed class LayerNormGuardF16() : GuardSuite(RowNorms.LayerNorm, Dtype.F16);

[TestClass]
public sealed class LayerNormGuardBF16() : GuardSuite(RowNorms.LayerNorm, Dtype.BF16);

[TestClass]
public sealed class RmsNormGuardF32() : GuardSuite(RowNorms.RmsNorm, Dtype.F32);

[TestClass]
public sealed class RmsNormGuardF16() : GuardSuite(RowNorms.RmsNorm, Dtype.F16);

[TestClass]
public sealed class RmsNormGuardBF16() : GuardSuite(RowNorms.RmsNorm, Dtype.BF16);

[TestClass]
public sealed class LayerNormNumbersF32() : NumbersSuite(RowNorms.LayerNorm, Dtype.F32);

[TestClass]
public sealed class LayerNormNumbersF16() : NumbersSuite(RowNorms.LayerNorm, Dtype.F16);

[TestClass]
public sealed class LayerNormNumbersBF16() : NumbersSuite(RowNorms.LayerNorm, Dtype.BF16);

[TestClass]
public sealed class RmsNormNumbersF32() : NumbersSuite(RowNorms.RmsNorm, Dtype.F32);

[TestClass]
public sealed class RmsNormNumbersF16() : NumbersSuite(RowNorms.RmsNorm, Dtype.F16);

[TestClass]
public sealed class RmsNormNumbersBF16() : NumbersSuite(RowNorms.RmsNorm, Dtype.BF16);

[TestClass]
public sealed class LayerNormStorageF32() : StorageSuite(RowNorms.LayerNorm, Dtype.F32);

[TestClass]
public sealed class LayerNormStorageF16() : StorageSuite(RowNorms.LayerNorm, Dtype.F16);

[TestClass]
public sealed class LayerNormStorageBF16() : StorageSuite(RowNorms.LayerNorm, Dtype.BF16);

[TestClass]
public sealed class RmsNormStorageF32() : StorageSuite(RowNorms.RmsNorm, Dtype.F32);

[TestClass]
public sealed class RmsNormStorageF16() : StorageSuite(RowNorms.RmsNorm, Dtype.F16);

[TestClass]
public sealed class RmsNormStorageBF16() : StorageSuite(RowNorms.RmsNorm, Dtype.BF16);

[TestClass]
public sealed class LayerNormAllocationF32() : AllocationSuite(RowNorms.LayerNorm, Dtype.F32);

[TestClass]
public sealed class LayerNormAllocationF16() : AllocationSuite(RowNorms.LayerNorm, Dtype.F16);

[TestClass]
public sealed class LayerNormAllocationBF16() : AllocationSuite(RowNorms.LayerNorm, Dtype.BF16);

[TestClass]
public sealed class RmsNormAllocationF32() : AllocationSuite(RowNorms.RmsNorm, Dtype.F32);

[TestClass]
public sealed class RmsNormAllocationF16() : AllocationSuite(RowNorms.RmsNorm, Dtype.F16);

[TestClass]
public sealed class RmsNormAllocationBF16() : AllocationSuite(RowNorms.RmsNorm, Dtype.BF16);
