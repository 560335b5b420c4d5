using Microsoft.VisualStudio.TestTools.UnitTesting;

using NormKernels.Tests.Support;

namespace NormKernels.Tests.Norms;

[TestClass]
public sealed class VectorNormAccuracyF32() : AccuracySuite(NormUnderTest.VectorNorm, Dtype.F32);

[TestClass]
public sealed class VectorNormAccuracyF16() : AccuracySuite(NormUnderTest.VectorNorm, Dtype.F16);

[TestClass]
public sealed class VectorNormAccuracyBF16() : AccuracySuite(NormUnderTest.VectorNorm, Dtype.BF16);

[TestClass]
public sealed class MatrixNormAccuracyF32() : AccuracySuite(NormUnderTest.MatrixNorm, Dtype.F32);

[TestClass]
public sealed class MatrixNormAccuracyF16() : AccuracySuite(NormUnderTest.MatrixNorm, Dtype.F16);

[TestClass]
public sealed class MatrixNormAccuracyBF16() : AccuracySuite(NormUnderTest.MatrixNorm, Dtype.BF16);

[TestClass]
public sealed class VectorNormSameBitsF32() : SameBitsSuite(NormUnderTest.VectorNorm, Dtype.F32);

[TestClass]
public sealed class VectorNormSameBitsF16() : SameBitsSuite(NormUnderTest.VectorNorm, Dtype.F16);

[TestClass]
public sealed class VectorNormSameBitsBF16() : SameBitsSuite(NormUnderTest.VectorNorm, Dtype.BF16);

[TestClass]
public sealed class MatrixNormSameBitsF32() : SameBitsSuite(NormUnderTest.MatrixNorm, Dtype.F32);

[TestClass]
public sealed class MatrixNormSameBitsF16() : SameBitsSuite(NormUnderTest.MatrixNorm, Dtype.F16);

[TestClass]
public sealed class MatrixNormSameBitsBF16() : SameBitsSuite(NormUnderTest.MatrixNorm, Dtype.BF16);

[TestClass]
public sealed class VectorNormBadArgumentF32() : BadArgumentSuite(NormUnderTest.VectorNorm, Dtype.F32);

[TestClass]
public sealed class VectorNormBadArgumentF16() : BadArgumentSuite(NormUnderTest.VectorNorm, Dtype.F16);

[TestClass]
public sealed class VectorNormBadArgumentBF16() : BadArgumentSuite(NormUnderTest.VectorNorm, Dtype.BF16);

[TestClass]
public sealed class MatrixNormBadArgumentF32() : BadArgumentSuite(NormUnderTest.MatrixNorm, Dtype.F32);

[TestClass]
public sealed class MatrixNormBadArgumentF16() : BadArgumentSuite(NormUnderTest.MatrixNorm, Dtype.F16);

[TestClass]
public sealed class MatrixNormBadArgumentBF16() : BadArgumentSuite(NormUnderTest.MatrixNorm, Dtype.BF16);

[TestClass]
public sealed class VectorNormGuardF32() : GuardSuite(NormUnderTest.VectorNorm, Dtype.F32);

[TestClass]
public sealed class VectorNormGuardF16() : GuardSuite(NormUnderTest.VectorNorm, Dtype.F16);

[TestClass]
public sealed class VectorNormGuardBF16() : GuardSuite(NormUnderTest.VectorNorm, Dtype.BF16);

[TestClass]
public sealed class MatrixNormGuardF32() : GuardSuite(NormUnderTest.MatrixNorm, Dtype.F32);

[TestClass]
public sealed class MatrixNormGuardF16() : GuardSuite(NormUnderTest.MatrixNorm, Dtype.F16);

[TestClass]
public sealed class MatrixNormGuardBF16() : GuardSuite(NormUnderTest.MatrixNorm, Dtype.BF16);

[TestClass]
public sealed class VectorNormNumbersF32() : NumbersSuite(NormUnderTest.VectorNorm, Dtype.F32);

[TestClass]
public sealed class VectorNormNumbersF16() : NumbersSuite(NormUnderTest.VectorNorm, Dtype.F16);

[TestClass]
public sealed class VectorNormNumbersBF16() : NumbersSuite(NormUnderTest.VectorNorm, Dtype.BF16);

[TestClass]
public sealed class MatrixNormNumbersF32() : NumbersSuite(NormUnderTest.MatrixNorm, Dtype.F32);

[TestClass]
public sealed class MatrixNormNumbersF16() : NumbersSuite(NormUnderTest.MatrixNorm, Dtype.F16);

[TestClass]
public sealed class MatrixNormNumbersBF16() : NumbersSuite(NormUnderTest.MatrixNorm, Dtype.BF16);

[TestClass]
public sealed class VectorNormAllocationF32() : AllocationSuite(NormUnderTest.VectorNorm, Dtype.F32);

[TestClass]
public sealed class VectorNormAllocationF16() : AllocationSuite(NormUnderTest.VectorNorm, Dtype.F16);

[TestClass]
public sealed class VectorNormAllocationBF16() : AllocationSuite(NormUnderTest.VectorNorm, Dtype.BF16);

[TestClass]
public sealed class MatrixNormAllocationF32() : AllocationSuite(NormUnderTest.MatrixNorm, Dtype.F32);

[TestClass]
public sealed class MatrixNormAllocationF16() : AllocationSuite(NormUnderTest.MatrixNorm, Dtype.F16);

[TestClass]
public sealed class MatrixNormAllocationBF16() : AllocationSuite(NormUnderTest.MatrixNorm, Dtype.BF16);
