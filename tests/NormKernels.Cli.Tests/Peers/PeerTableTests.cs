using System;

using Microsoft.VisualStudio.TestTools.UnitTesting;

using NormKernels.Cli.Peers;
using NormKernels.Peers;

using CommandLine = NormKernels.Cli.Tests.Commands.Cli;

namespace NormKernels.Cli.Tests.Peers;

/// <summary>bench --peers: whether peers that are here compute what we do, and what the verdicts say. No times.</summary>
[TestClass]
public sealed class PeerTableTests
{
    [TestMethod]
    [DataRow("rms_norm", 3, 37)]
    [DataRow("layer_norm", 3, 37)]
    [DataRow("layer_norm", 1, 8)]
    public void The_plain_loop_gives_our_results(string op, int rows, int cols) =>
        AssertMeasured(PeerTable.AgainstNaive(op, rows, cols, 1), NativePeers.HasNaive);

    [TestMethod]
    [DataRow("forward")]
    [DataRow("backward")]
    public void OneDnn_gives_our_results(string verb) =>
        AssertMeasured(PeerTable.AgainstOneDnn(verb, 5, 33), NativePeers.OneDnnVersion is not null);

    [TestMethod]
    public void OneDnn_gives_our_gradients_of_groups()
    {
        bool here = Version.TryParse(NativePeers.OneDnnVersion, out Version? version) && version >= new Version(3, 2);
        AssertMeasured(PeerTable.GroupNormAgainstOneDnn([2, 6, 3, 5], 3), here);
    }

    [TestMethod]
    public void PyTorch_gives_our_results()
    {
        using TorchPeer? torch = TorchPeer.Start();
        PeerTable table = new(torch);
        foreach (string verb in new[] { "forward", "backward" })
        {
            AssertMeasured(table.AgainstTorch($"layer_norm {verb}", [4, 24], 1), torch is not null);
            AssertMeasured(table.AgainstTorch($"group_norm {verb}", [2, 64, 3, 5], 1), torch is not null);
            AssertMeasured(table.AgainstTorch($"batch_norm {verb}", [2, 6, 3, 5], 1), torch is not null);
        }

        AssertMeasured(table.AgainstTorch("batch_norm statistics", [2, 6, 3, 5], 1), torch is not null);
    }

    [TestMethod]
    public void What_differs_is_told()
    {
        Assert.IsNull(PeerTensors.Difference([1, -2, 3], [1, -2, 3.0001f]));
        Assert.IsNotNull(PeerTensors.Difference([1, -2, 3], [1, -2, 3.001f]));
        Assert.IsNotNull(PeerTensors.Difference([1, -2, 3], [1, float.NaN, 3]));
        Assert.IsNotNull(PeerTensors.Difference([0, 0], [0, 0]), "nothing was computed");
    }

    [TestMethod]
    [DataRow(2.0, false, "reached")]
    [DataRow(1.9, false, "missed")]
    [DataRow(1.9, true, "reached")]
    [DataRow(2.1, true, "missed")]
    [DataRow(null, false, "absent")]
    [DataRow(null, true, "absent")]
    public void Verdicts(double? measured, bool atMost, string verdict)
    {
        PeerResult result = new("case", "peer", 2, atMost, "x", measured, measured is null ? "not here" : null, false);
        Assert.AreEqual(verdict, result.Verdict);
        Assert.AreEqual("WRONG", (result with { Wrong = true }).Verdict);
    }

    [TestMethod]
    public void Nothing_but_json_goes_with_it()
    {
        CommandLine.Refused(["bench", "--peers", "--rows", "4", "--cols", "4"], "only --json goes with it");
        CommandLine.Refused(["bench", "rms_norm", "--peers"], "only --json goes with it");
        CommandLine.Refused(["bench", "--sweep", "--peers"], "only --json goes with it");
        CommandLine.Refused(["bench", "--peers", "--threads", "2"], "only --json goes with it");
    }

    // A peer is measured where it is here and said to be absent where it is not, and never is a result wrong.
    private static void AssertMeasured(PeerResult result, bool here)
    {
        Assert.IsFalse(result.Wrong, $"{result.Case} against {result.Peer}: {result.Missing}");
        Assert.AreEqual(here, result.Measured > 0, $"{result.Case} against {result.Peer}: {result.Missing}");
        Assert.AreEqual(here, result.Missing is null);
    }
}
