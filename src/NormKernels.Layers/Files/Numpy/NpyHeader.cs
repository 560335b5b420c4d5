using System;
using System.Globalization;
using System.IO;

namespace NormKernels.Layers.Files.Numpy;

/// <summary>What the header of a .npy file says about the bytes behind it.</summary>
/// <param name="Kind">The element type.</param>
/// <param name="FortranOrder">True when the first axis is the one that varies fastest.</param>
/// <param name="Shape">The length of every axis.</param>
internal sealed record NpyHeader(NpyKind Kind, bool FortranOrder, long[] Shape)
{
    private const string AcceptedTypes = "'<f2', '<f4' and '<f8'";
    private const string AcceptedWithIntegers = "'<f2', '<f4', '<f8' and '<i8'";

    /// <summary>The name of an element type in a header.</summary>
    public static string Descr(NpyKind kind) => kind switch
    {
        NpyKind.Float16 => "<f2",
        NpyKind.Float32 => "<f4",
        NpyKind.Float64 => "<f8",
        _ => "<i8",
    };

    /// <summary>
    /// Reads the Python dict literal of a header: exactly the keys <c>descr</c>, <c>fortran_order</c> and
    /// <c>shape</c>, in any order.
    /// </summary>
    /// <param name="text">The header.</param>
    /// <param name="file">The file, which messages begin with.</param>
    /// <param name="integers">Whether the elements may be integers.</param>
    /// <exception cref="InvalidDataException">It is anything else.</exception>
    public static NpyHeader Parse(string text, string file, bool integers = false) =>
        new Parser(text, file, integers).ParseDict();

    private ref struct Parser(ReadOnlySpan<char> text, string file, bool integers)
    {
        private readonly ReadOnlySpan<char> _text = text;
        private readonly string _file = file;
        private readonly string _accepted = integers ? AcceptedWithIntegers : AcceptedTypes;
        private int _at;

        public NpyHeader ParseDict()
        {
            NpyKind? kind = null;
            bool? fortranOrder = null;
            long[]? shape = null;

            Expect('{');
            while (!TryTake('}'))
            {
                ReadOnlySpan<char> key = ReadString();
                Expect(':');
                switch (key)
                {
                    case "descr" when kind is null:
                        kind = ReadKind();
                        break;
                    case "fortran_order" when fortranOrder is null:
                        fortranOrder = ReadBool();
                        break;
                    case "shape" when shape is null:
                        shape = ReadShape();
                        break;
                    default:
                        throw Error(
                            $"the header has the key {ErrorText.Quote(key)} twice or beyond "
                            + "'descr', 'fortran_order' and 'shape'");
                }

                if (!TryTake(','))
                {
                    Expect('}');
                    break;
                }
            }

            return !_text[_at..].IsWhiteSpace()
                ? throw NotALiteral()
                : new NpyHeader(
                    kind ?? throw Error("the header lacks 'descr'"),
                    fortranOrder ?? throw Error("the header lacks 'fortran_order'"),
                    shape ?? throw Error("the header lacks 'shape'"));
        }

        private NpyKind ReadKind()
        {
            SkipSpace();
            if (_text[_at..].StartsWith('['))
            {
                throw Error(
                    $"the elements are structured, {ErrorText.Quote(_text[_at..])}; accepted are {_accepted}");
            }

            ReadOnlySpan<char> descr = ReadString();
            return descr switch
            {
                // Without a byte order it is the writer's own, which was little-endian wherever these kernels run.
                "<f2" or "f2" => NpyKind.Float16,
                "<f4" or "f4" => NpyKind.Float32,
                "<f8" or "f8" => NpyKind.Float64,
                "<i8" or "i8" when _accepted is AcceptedWithIntegers => NpyKind.Int64,
                _ => throw Error($"the element type is {ErrorText.Quote(descr)}; accepted are {_accepted}"),
            };
        }

        private bool ReadBool() =>
            TryTakeWord("True") || (TryTakeWord("False") ? false : throw NotALiteral());

        private long[] ReadShape()
        {
            Span<long> lengths = stackalloc long[NpyArray.MaxRank];
            int rank = 0;
            Expect('(');
            bool comma = true;
            while (!TryTake(')'))
            {
                if (!comma)
                {
                    throw NotALiteral();
                }

                if (rank == NpyArray.MaxRank)
                {
                    throw Error($"the shape has more than {NpyArray.MaxRank} axes");
                }

                lengths[rank++] = ReadLength();
                comma = TryTake(',');
            }

            // In Python (3) is the number 3, not a tuple.
            return rank == 1 && !comma
                ? throw NotALiteral()
                : NpyArray.TryCountElements(lengths[..rank], out _)
                ? lengths[..rank].ToArray()
                : throw Error($"the shape {NpyArray.FormatShape(lengths[..rank])} overflows 64 bits");
        }

        private long ReadLength()
        {
            SkipSpace();
            int start = _at;
            bool negative = _at < _text.Length && _text[_at] == '-';
            int digits = negative ? ++_at : start;
            while (_at < _text.Length && char.IsAsciiDigit(_text[_at]))
            {
                _at++;
            }

            ReadOnlySpan<char> number = _text[start.._at];
            return _at == digits
                ? throw NotALiteral()
                : negative
                ? throw Error($"the shape has a negative length, {ErrorText.Quote(number)}")
                : long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out long length)
                ? length
                : throw Error($"the shape has a length that overflows 64 bits, {ErrorText.Quote(number)}");
        }

        private ReadOnlySpan<char> ReadString()
        {
            SkipSpace();
            char quote = _at < _text.Length ? _text[_at] : ' ';
            int length = quote is '\'' or '"' ? _text[(_at + 1)..].IndexOf(quote) : -1;
            if (length < 0)
            {
                throw NotALiteral();
            }

            ReadOnlySpan<char> value = _text.Slice(_at + 1, length);
            _at += length + 2;
            return value;
        }

        private bool TryTakeWord(string word)
        {
            SkipSpace();
            bool found = _text[_at..].StartsWith(word, StringComparison.Ordinal);
            _at += found ? word.Length : 0;
            return found;
        }

        private bool TryTake(char wanted)
        {
            SkipSpace();
            bool found = _at < _text.Length && _text[_at] == wanted;
            _at += found ? 1 : 0;
            return found;
        }

        private void Expect(char wanted)
        {
            if (!TryTake(wanted))
            {
                throw NotALiteral();
            }
        }

        private void SkipSpace()
        {
            while (_at < _text.Length && char.IsWhiteSpace(_text[_at]))
            {
                _at++;
            }
        }

        private readonly InvalidDataException NotALiteral() =>
            Error(
                $"the header is {ErrorText.Quote(_text.Trim())} where "
                + "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)} or the like is expected");

        private readonly InvalidDataException Error(string what) => new($"{_file}: {what}");
    }
}
