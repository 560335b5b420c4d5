using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace NormKernels.Cuda.Tests.Norms;

[TestClass]
public sealed class LayerNormTests() : DeviceRefusalSuite(RowCases.LayerNorm);

[TestClass]
public sealed class RmsNormTests() : DeviceRefusalSuite(RowCases.RmsNorm);

[TestClass]
public sealed class GroupNormTests() : DeviceRefusalSuite(ChannelCases.GroupNorm);

[TestClass]
public sealed class InstanceNormTests() : DeviceRefusalSuite(ChannelCases.InstanceNorm);

[TestClass]
public sealed class BatchNormTests() : DeviceRefusalSuite(ChannelCases.BatchNorm);

[TestClass]
public sealed class AxisNormTests() : DeviceRefusalSuite(AxisCases.AxisNorm);

[TestClass]
public sealed class L2NormalizeTests() : DeviceRefusalSuite(AxisCases.L2Normalize);

[TestClass]
public sealed class WeightNormTests() : DeviceRefusalSuite(AxisCases.WeightNorm);

[TestClass]
public sealed class VectorNormTests() : DeviceRefusalSuite(ReductionCases.VectorNorm);

[TestClass]
public sealed class MatrixNormTests() : DeviceRefusalSuite(ReductionCases.MatrixNorm);
