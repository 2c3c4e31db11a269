using System.Globalization;
using System.Text.RegularExpressions;

namespace Crescent.Engine.Model.Gguf;

/// <summary>
/// A model in several files, as llama.cpp's gguf-split makes them: <c>NAME-00001-of-00003.gguf</c> and so on. Each says its number and how many there are;
/// metadata stand in the first, tensors in any.
/// </summary>
internal sealed partial class GgufSplit
{
    private const string NumberKey = "split.no";
    private const string CountKey = "split.count";
    private const string TensorsKey = "split.tensors.count";
    private const int MaxParts = 99_999;

    private readonly GgufFile _first;
    private readonly string _stem;
    private readonly int _count;

    private GgufSplit(GgufFile first, string stem, int count)
    {
        _first = first;
        _stem = stem;
        _count = count;
    }

    /// <summary>What <paramref name="file"/> is the first part of; null where it is whole.</summary>
    /// <exception cref="InvalidModelException">It is another part than the first, or its name does not say where the others are.</exception>
    public static GgufSplit? Read(GgufFile file)
    {
        var count = file.FindInteger(CountKey) ?? 0;
        if (count is < 0 or > MaxParts)
        {
            throw file.Fault(CountKey, $"{count} parts; a file has up to {MaxParts}");
        }

        if (count <= 1)
        {
            return null;
        }

        var name = Form().Match(file.Path);
        if (!name.Success || name.Groups["count"].Value != Digits(count))
        {
            throw file.Fault(CountKey, $"the file is one of {count} parts, and its name does not end with -00001-of-{Digits(count)}.gguf, by which the others are found; give the parts the names that they had");
        }

        var stem = file.Path[..name.Index];
        var number = file.FindInteger(NumberKey) ?? throw file.Fault(NumberKey, "the file is a part, and does not say which");
        return number == 0 && name.Groups["number"].Value == Digits(1)
            ? new GgufSplit(file, stem, (int)count)
            : throw file.Fault(NumberKey, $"this is part {number + 1} of {count}; name the first, {PathOf(stem, 1, (int)count)}");
    }

    /// <summary>Maps all parts but the first.</summary>
    /// <exception cref="InvalidModelException">One is missing, or is none of these.</exception>
    public IReadOnlyList<GgufFile> OpenFurther()
    {
        var parts = new List<GgufFile>();
        try
        {
            for (var number = 2; number <= _count; number++)
            {
                var path = PathOf(_stem, number, _count);
                if (!File.Exists(path))
                {
                    throw _first.Fault(CountKey, $"part {number} of {_count} is missing: there is no {path}");
                }

                var part = GgufFile.OpenPart(path);
                parts.Add(part);
                if (part.FindInteger(NumberKey) != number - 1 || part.FindInteger(CountKey) != _count)
                {
                    throw part.Fault(NumberKey, $"by its name this is part {number} of {_count}, by its header part {part.FindInteger(NumberKey) + 1} of {part.FindInteger(CountKey)}; bring it again");
                }
            }

            return parts;
        }
        catch
        {
            parts.ForEach(static part => part.Dispose());
            throw;
        }
    }

    /// <summary>Adds the tensors of further parts to those of the first.</summary>
    /// <exception cref="InvalidModelException">One is there twice, or there are not as many as the first part says.</exception>
    public void Join(Dictionary<string, GgufTensor> tensors, IReadOnlyList<GgufFile> parts)
    {
        foreach (var part in parts)
        {
            foreach (var (name, tensor) in part.Tensors)
            {
                if (!tensors.TryAdd(name, tensor))
                {
                    throw new InvalidModelException(part.Path, GgufCursor.Printable(name), "another part has a tensor of this name; the parts are not of one model");
                }
            }
        }

        if (_first.FindInteger(TensorsKey) is { } wanted && wanted != tensors.Count)
        {
            throw _first.Fault(TensorsKey, $"the {_count} parts have {tensors.Count} tensors, and should have {wanted}; they are not of one model");
        }
    }

    private static string PathOf(string stem, int number, int count) => $"{stem}-{Digits(number)}-of-{Digits(count)}.gguf";

    private static string Digits(long number) => number.ToString("00000", CultureInfo.InvariantCulture);

    [GeneratedRegex("-(?<number>[0-9]{5})-of-(?<count>[0-9]{5})\\.gguf$", RegexOptions.CultureInvariant)]
    private static partial Regex Form();
}
