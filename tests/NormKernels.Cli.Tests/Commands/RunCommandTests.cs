using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;

using Microsoft.VisualStudio.TestTools.UnitTesting;

using NormKernels.Layers.Files.Numpy;
using NormKernels.Layers.Tests.Files.Numpy;
using NormKernels.Reference;

namespace NormKernels.Cli.Tests.Commands;

[TestClass]
public sealed class RunCommandTests
{
    private const int Rows = 6;
    private const int Cols = 5;

    private static readonly double[] _x = Values(Rows * Cols, seed: 1);
    private static readonly double[] _residual = Values(Rows * Cols, seed: 2);
    private static readonly double[] _weight = Values(Cols, seed: 3);
    private static readonly double[] _bias = Values(Cols, seed: 4);

    [TestMethod]
    [DataRow("f4")]
    [DataRow("f2")]
    public void Npy_gives_npy_of_the_same_type(string type)
    {
        using TempDirectory temp = new();
        string x = Save(temp, "x.npy", _x, type, Rows, Cols);
        string weight = Save(temp, "weight.npy", _weight, type, Cols);
        string bias = Save(temp, "bias.npy", _bias, type, Cols);
        string output = temp.PathOf("y.npy");
        Succeeds("layer_norm", "--input", x, "--weight", weight, "--bias", bias, "--output", output, "--eps", "1e-3");
        NpyArray y = NpyFile.Read(output);
        Assert.AreEqual(type == "f2" ? NpyKind.Float16 : NpyKind.Float32, y.Kind);
        CollectionAssert.AreEqual(new long[] { Rows, Cols }, y.Shape.ToArray());
        Near(LayerNormOf(_x, 1e-3), y, type == "f2" ? 2e-3 : 1e-6);
    }

    [TestMethod]
    public void Reference_computes_and_writes_float64()
    {
        using TempDirectory temp = new();
        string x = Save(temp, "x.npy", _x, "f4", Rows, Cols);
        string output = temp.PathOf("y.npz");
        Succeeds("layer_norm", "--input", x, "--output", output, "--backend", "reference");
        using NpzArchive archive = NpzArchive.Open(output);
        Assert.AreEqual("y mean rstd", string.Join(' ', archive.Keys));
        double[] y = new double[_x.Length];
        LayerNormReference.Forward(_x, y, Rows, Cols);
        CollectionAssert.AreEqual(y, archive.Read("y").ToDoubles());
        Assert.AreEqual(NpyKind.Float64, archive.Read("rstd").Kind);
        CollectionAssert.AreEqual(new long[] { Rows, 1 }, archive.Read("mean").Shape.ToArray());
    }

    [TestMethod]
    public void Float64_is_computed_in_float32_after_a_note()
    {
        using TempDirectory temp = new();
        string x = Save(temp, "x.npy", _x, "f8", Rows, Cols);
        string output = temp.PathOf("y.npy");
        CliResult result = Cli.Run("run", "rms_norm", "--input", x, "--output", output);
        Assert.AreEqual(0, result.ExitCode, result.Error);
        Assert.StartsWith("note: computed in float32: x ", result.Error);
        Assert.HasCount(1, result.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.AreEqual(NpyKind.Float32, NpyFile.Read(output).Kind);
    }

    [TestMethod]
    public void Bfloat16_is_written_as_float32()
    {
        using TempDirectory temp = new();
        string x = Save(temp, "x.npy", _x, "f4", Rows, Cols);
        string output = temp.PathOf("y.npy");
        Succeeds("rms_norm", "--input", x, "--output", output, "--dtype", "bf16");
        NpyArray y = NpyFile.Read(output);
        Assert.AreEqual(NpyKind.Float32, y.Kind);
        Assert.IsTrue(y.ToFloats().All(value => (BFloat16)value == value));
        Near(RmsNormOf(_x), y, 2e-2);
    }

    [TestMethod]
    public void Fortran_order_is_read_as_what_it_means()
    {
        using TempDirectory temp = new();
        float[] transposed = [.. Enumerable.Range(0, Rows * Cols).Select(i => (float)_x[i % Rows * Cols + i / Rows])];
        string x = temp.Write("x.npy", NpyBytes.Make("<f4", fortranOrder: true, $"({Rows}, {Cols})", transposed));
        string output = temp.PathOf("y.npy");
        Succeeds("rms_norm", "--input", x, "--output", output);
        Near(RmsNormOf(_x), NpyFile.Read(output), 1e-6);
    }

    [TestMethod]
    public void Tensors_are_found_in_archives()
    {
        using TempDirectory temp = new();
        string archive = temp.PathOf("all.npz");
        NpzArchive.Write(archive,
        [
            new("weight", new NpyArray(_weight, Cols)),
            new("other", new NpyArray(_bias, Cols)),
            new("x", new NpyArray(_x, Rows, Cols)),
        ]);
        string alone = temp.PathOf("alone.npz");
        NpzArchive.Write(alone, [new("whatever", new NpyArray(_x, Rows, Cols))]);
        string output = temp.PathOf("y.npy");
        foreach (string input in new[] { archive, alone, alone + ":whatever" })
        {
            Succeeds(
                "layer_norm", "--backend", "reference",
                "--input", input, "--weight", archive, "--bias", archive + ":other", "--output", output);
            Near(LayerNormOf(_x, 1e-5), NpyFile.Read(output), 0);
        }

        Cli.Refused(
            ["run", "layer_norm", "--input", archive, "--bias", archive, "--output", output],
            "--bias", "holds no array 'bias'", "'other'");
    }

    [TestMethod]
    public void The_form_with_a_residual_gives_both_outputs()
    {
        using TempDirectory temp = new();
        string x = Save(temp, "x.npy", _x, "f4", Rows, Cols);
        string residual = Save(temp, "r.npy", _residual, "f4", Rows, Cols);
        (string y, string h, string all) = (temp.PathOf("y.npy"), temp.PathOf("h.npy"), temp.PathOf("all.npz"));
        double[] sum = [.. _x.Zip(_residual, (a, b) => a + b)];
        Succeeds("add_rms_norm", "--input", x, "--residual", residual, "--output", y, "--output-h", h);
        Near(sum, NpyFile.Read(h), 1e-6);
        Near(RmsNormOf(sum), NpyFile.Read(y), 1e-6);
        Succeeds("add_layer_norm", "--input", x, "--residual", residual, "--output", all);
        using NpzArchive archive = NpzArchive.Open(all);
        Assert.AreEqual("y h mean rstd", string.Join(' ', archive.Keys));
        Near(sum, archive.Read("h"), 1e-6);
    }

    [TestMethod]
    public void Several_axes_are_normalized_together()
    {
        using TempDirectory temp = new();
        string x = Save(temp, "x.npy", _x, "f8", 2, 3, Cols);
        string weight = Save(temp, "w.npy", Values(3 * Cols, seed: 5), "f8", 3, Cols);
        string output = temp.PathOf("y.npz");
        double[] expected = new double[_x.Length];
        RmsNormReference.Forward(_x, expected, 2, 3 * Cols);
        Succeeds("rms_norm", "--input", x, "--normalized-axes", "2", "--output", output, "--backend", "reference");
        using (NpzArchive archive = NpzArchive.Open(output))
        {
            Near(expected, archive.Read("y"), 0);
            CollectionAssert.AreEqual(new long[] { 2, 1, 1 }, archive.Read("rstd").Shape.ToArray());
        }

        RmsNormReference.Forward(_x, expected, 2, 3 * Cols, Values(3 * Cols, seed: 5), zeroCentered: true);
        Succeeds(
            "rms_norm", "--input", x, "--weight", weight, "--zero-centered", "--output", output,
            "--backend", "reference");
        using NpzArchive second = NpzArchive.Open(output);
        Near(expected, second.Read("y"), 0);
    }

    [TestMethod]
    public void Every_instruction_set_and_number_of_threads_gives_the_same_bytes()
    {
        using TempDirectory temp = new();
        string x = Save(temp, "x.npy", Values(300 * 1000, seed: 6), "f4", 300, 1000);
        List<byte[]> written = [];
        foreach (string isa in Cli.InstructionSets)
        {
            foreach (string threads in new[] { "1", "3", "-1" })
            {
                string output = temp.PathOf("y.npy");
                Succeeds("layer_norm", "--input", x, "--output", output, "--isa", isa, "--threads", threads);
                written.Add(File.ReadAllBytes(output));
            }
        }

        foreach (byte[] bytes in written)
        {
            CollectionAssert.AreEqual(written[0], bytes);
        }
    }

    [TestMethod]
    public void An_empty_input_gives_an_empty_output()
    {
        using TempDirectory temp = new();
        string x = Save(temp, "x.npy", [], "f4", 0, 4);
        string output = temp.PathOf("y.npy");
        Succeeds("layer_norm", "--input", x, "--output", output);
        CollectionAssert.AreEqual(new long[] { 0, 4 }, NpyFile.Read(output).Shape.ToArray());
    }

    [TestMethod]
    public void The_output_may_replace_the_input()
    {
        using TempDirectory temp = new();
        string x = Save(temp, "x.npy", _x, "f4", Rows, Cols);
        Succeeds("rms_norm", "--input", x, "--output", x);
        Near(RmsNormOf(_x), NpyFile.Read(x), 1e-6);
        Assert.HasCount(1, Directory.GetFileSystemEntries(temp.Root));
    }

    [TestMethod]
    public void Bad_input_is_refused_in_one_line_and_nothing_is_written()
    {
        using TempDirectory temp = new();
        string x = Save(temp, "x.npy", _x, "f4", Rows, Cols);
        string wrong = Save(temp, "wrong.npy", _x, "f4", Cols, Rows);
        string scalar = Save(temp, "scalar.npy", [1], "f4");
        string text = temp.Write("text.npy", "not an array");
        string integers = temp.Write("integers.npy", NpyBytes.Make("<i4", false, "(2,)", [1, 2]));
        string zip = temp.Write("zip.npz", "not an archive");
        string output = temp.PathOf("y.npy");
        string[] before = Directory.GetFileSystemEntries(temp.Root);

        Refused([], "--input");
        Refused(["--input", temp.PathOf("no.npy")], "--input: there is no file", "no.npy");
        Refused(["--input", temp.Root], "--input", "is a directory");
        Refused(["--input", text], "--input", "is not a .npy file");
        Refused(["--input", integers], "--input", "<i4");
        Refused(["--input", zip], "--input", "is not a readable .npz archive");
        Refused(["--input", scalar], "1 normalized axes do not fit x of the shape ()");
        Refused(["--input", x, "--weight", wrong], "weight has the shape (5, 6)", "(6, 5)");
        Refused(["--input", x, "--weight", x, "--normalized-axes", "1"], "weight has the shape (6, 5)", "(5,)");
        Refused(["--input", x, "--bias", scalar], "0 normalized axes");
        Refused(["--input", x, "--normalized-axes", "3"], "3 normalized axes");
        Refused(["--input", x, "--normalized-axes", "0"], "0 normalized axes");
        Refused(["--input", x, "--normalized-axes", "-1"], "-1 normalized axes");
        Refused(["--input", x, "--normalized-axes", "some"], "--normalized-axes: 'some' is not an integer");
        Refused(["--input", x, "--eps", "-1"], "eps must be 0 or more");
        Refused(["--input", x, "--eps", "nan"], "--eps: 'nan' is not a number");
        Refused(["--input", x, "--eps", "tiny"], "--eps: 'tiny' is not a number");
        Refused(["--input", x, "--zero-centered"], "'--zero-centered' is not an option here");
        Refused(["--input", x, "--isa", "sse"], "'sse'");
        Refused(["--input", x, "--isa", "scalar", "--backend", "reference"], "--isa is for --backend cpu");
        Refused(["--input", x, "--dtype", "i8"], "'i8'");
        Refused(["--input", x, "--threads", "-2"], "--threads: '-2'");
        Refused(["--input", x, "--input", x], "--input");

        Cli.Refused(["run", "rms_norm", "--input", x], "--output");
        Cli.Refused(["run", "rms_norm", "--input", x, "--output", output, "--zero-centered", "perhaps"], "'perhaps'");
        Cli.Refused(["run", "rms_norm", "--input", x, "--output", temp.PathOf("y.txt")], "neither in .npy nor in .npz");
        Cli.Refused(["run", "rms_norm", "--input", x, "--output", temp.PathOf("no/y.npy")], "there is no directory");
        Cli.Refused(["run", "add_rms_norm", "--input", x, "--output", output], "--residual");
        Cli.Refused(
            ["run", "add_rms_norm", "--input", x, "--residual", wrong, "--output", output],
            "residual has the shape (5, 6) where (6, 5) is needed");
        Cli.Refused(
            ["run", "add_rms_norm", "--input", x, "--residual", x, "--output", output, "--output-h", output],
            "--output-h", "the file of another result");
        Cli.Refused(
            [
                "run", "add_rms_norm", "--input", x, "--residual", x, "--output", output,
                "--output-h", temp.PathOf("no/h.npy"),
            ],
            "there is no directory");
        Cli.Refused(
            ["run", "nonsense", "--input", x, "--output", output], "'nonsense' is not an operation", "rms_norm");
        Cli.Refused(["run"], "op");
        CollectionAssert.AreEquivalent(before, Directory.GetFileSystemEntries(temp.Root));

        void Refused(string[] args, params string[] fragments) =>
            Cli.Refused(["run", "layer_norm", .. args, "--output", output], fragments);
    }

    [TestMethod]
    public void Bad_attributes_of_the_other_norms_are_refused_in_one_line()
    {
        using TempDirectory temp = new();
        string x = Save(temp, "x.npy", Values(2 * 4 * 5 * 6, seed: 7), "f4", 2, 4, 5, 6);
        string vector = Save(temp, "vector.npy", Values(4, seed: 8), "f4", 4);
        string one = Save(temp, "one.npy", Values(1, seed: 9), "f4", 1, 1);
        string scalar = Save(temp, "scalar.npy", [1], "f4");
        string empty = Save(temp, "empty.npy", [], "f4", 3, 0);
        string output = temp.PathOf("y.npy");
        string[] before = Directory.GetFileSystemEntries(temp.Root);

        Refused($"group_norm --input {x}", "--num-groups");
        Refused($"group_norm --input {x} --num-groups 3", "num_groups 3 does not divide the 4 channels of x");
        Refused($"group_norm --input {x} --num-groups 0", "num_groups 0 does not divide");
        Refused($"group_norm --input {x} --num-groups 2 --layout NCL", "layout NCL has 3 axes", "(2, 4, 5, 6)");
        Refused($"group_norm --input {x} --num-groups 2 --layout CHW", "'CHW' is none of NC, NCL");
        Refused($"group_norm --input {vector} --num-groups 2", "(4,) has no axes for a batch and for channels");
        Refused($"group_norm --input {x} --num-groups 2 --eps -1", "eps must be 0 or more");
        Refused($"instance_norm --input {x} --running-mean {vector}", "running_var is missing");
        Refused($"instance_norm --input {x} --momentum none", "--momentum: 'none' is not a number");
        Refused($"batch_norm_train --input {x} --momentum 1.5", "momentum must be from 0 to 1");
        Refused(
            $"batch_norm_train --input {one} --running-mean {one} --running-var {one}", "one value in a channel");
        Refused(
            $"batch_norm_train --input {x} --running-mean {vector} --running-var {vector} --momentum none",
            "num_batches_tracked must be given");
        Refused(
            $"batch_norm_train --input {x} --output-running-mean-out {temp.PathOf("mean.npy")}",
            "--output-running-mean-out: running_mean_out was not computed");
        Refused($"batch_norm_inference --input {x} --running-mean {vector}", "--running-var");
        Refused($"batch_norm_stateless --input {x} --layout NCHW", "'NCHW' is none of CL, CHW, CDHW");
        Refused($"batch_norm_stateless --input {scalar}", "no axis for channels");
        Refused($"weight_norm --input {x} --g {vector}", "g has the shape (4,) where (2, 1, 1, 1) is needed");
        Refused($"weight_norm --input {x} --g {vector} --dim none", "g has the shape (4,) where () is needed");
        Refused($"weight_norm --input {x} --g {vector} --dim 4", "v of the shape (2, 4, 5, 6) has no axis 4");
        Refused($"l2_normalize --input {vector}", "x of the shape (4,) has no axis 1");
        Refused($"l2_normalize --input {x} --p 0", "p must be above 0");
        Refused($"l2_normalize --input {x} --p fro", "--p: 'fro' is not a number");
        Refused($"normalize_along_dim --input {scalar}", "x of the shape () has no axis -1");
        Refused($"normalize_along_dim --input {x} --dim none", "--dim: 'none' is not an integer");
        Refused($"vector_norm --input {x} --dim 1,-3", "dim lists an axis of x twice");
        Refused($"vector_norm --input {x} --dim 1,-5", "has no axis -5");
        Refused($"vector_norm --input {x} --ord fro", "--ord: 'fro' is not a number");
        Refused($"vector_norm --input {empty} --dim 1 --ord -1", "slices without elements");
        Refused($"matrix_norm --input {x} --ord nuk", "ord 'nuk' is none of fro, nuc");
        Refused($"matrix_norm --input {x} --ord 3", "ord '3' is none of fro, nuc");
        Refused($"matrix_norm --input {x} --dim 1", "dim must be two axes");
        Refused($"matrix_norm --input {vector}", "(4,) has no rows and columns");
        Refused($"matrix_norm --input {empty} --ord 2", "matrices of 3 x 0 have no norm of this order");
        CollectionAssert.AreEquivalent(before, Directory.GetFileSystemEntries(temp.Root));

        void Refused(string command, params string[] fragments) =>
            Cli.Refused(["run", .. command.Split(' '), "--output", output], fragments);
    }

    [TestMethod]
    public void Running_statistics_stay_float32_beside_16_bit_tensors()
    {
        using TempDirectory temp = new();
        string x = Save(temp, "x.npy", Values(4 * 3, seed: 10), "f2", 4, 3);
        string mean = Save(temp, "mean.npy", [0.1f, 1 / 3f, 1e-9f], "f4", 3);
        string output = temp.PathOf("y.npy");
        string updated = temp.PathOf("updated.npy");
        CliResult result = Cli.Run(
            "run", "batch_norm_train", "--input", x, "--running-mean", mean, "--running-var", mean, "--momentum", "0",
            "--output", output, "--output-running-mean-out", updated);
        Assert.AreEqual(0, result.ExitCode, result.Error);
        Assert.AreEqual("", result.Error);
        Assert.AreEqual(NpyKind.Float16, NpyFile.Read(output).Kind);
        Assert.AreEqual(NpyKind.Float32, NpyFile.Read(updated).Kind);
        CollectionAssert.AreEqual(NpyFile.Read(mean).ToFloats(), NpyFile.Read(updated).ToFloats());
    }

    private static void Succeeds(params string[] args)
    {
        CliResult result = Cli.Run(["run", .. args]);
        Assert.AreEqual(0, result.ExitCode, result.Error);
        Assert.AreEqual("", result.Out);
    }

    private static void Near(double[] expected, NpyArray actual, double tolerance)
    {
        double[] values = actual.ToDoubles();
        Assert.HasCount(expected.Length, values);
        for (int i = 0; i < values.Length; i++)
        {
            Assert.AreEqual(expected[i], values[i], tolerance * Math.Max(1, Math.Abs(expected[i])), $"element {i}");
        }
    }

    private static double[] LayerNormOf(double[] x, double epsilon)
    {
        double[] y = new double[x.Length];
        LayerNormReference.Forward(x, y, Rows, Cols, _weight, _bias, epsilon);
        return y;
    }

    private static double[] RmsNormOf(double[] x)
    {
        double[] y = new double[x.Length];
        RmsNormReference.Forward(x, y, Rows, Cols);
        return y;
    }

    // Multiples of 1/64, exact in every format but bfloat16.
    private static double[] Values(int count, int seed)
    {
        Random random = new(seed);
        return [.. Enumerable.Range(0, count).Select(_ => random.Next(-128, 129) / 64.0)];
    }

    private static string Save(TempDirectory temp, string file, double[] values, string type, params long[] shape)
    {
        NpyArray array = new(values, shape);
        string path = temp.PathOf(file);
        NpyFile.Write(path, type switch
        {
            "f2" => new NpyArray(array.ToHalves(), shape),
            "f4" => new NpyArray(array.ToFloats(), shape),
            _ => array,
        });
        return path;
    }
}
