using System.Globalization;

namespace Crescent.Engine.Model.Gguf;

/// <summary>
/// Which values an index of a code-book type stands for. The books are data of ggml, read from <c>CodeBooks.txt</c>, which names their origin and licence.
/// </summary>
/// <param name="width">Values of an entry: 8 or 4.</param>
/// <param name="values">(width, entries).</param>
internal sealed class CodeBook(int width, sbyte[] values)
{
    private static readonly Dictionary<string, CodeBook> Books = Read();

    /// <summary>2,048 entries of eight values of -1 to 1, of IQ1_S and IQ1_M.</summary>
    public static readonly CodeBook IQ1 = Books["IQ1"];

    /// <summary>256 entries of eight magnitudes 8, 25 or 43.</summary>
    public static readonly CodeBook IQ2_XXS = Books["IQ2_XXS"];

    /// <summary>512 entries of eight such magnitudes.</summary>
    public static readonly CodeBook IQ2_XS = Books["IQ2_XS"];

    /// <summary>1,024 entries of eight such magnitudes.</summary>
    public static readonly CodeBook IQ2_S = Books["IQ2_S"];

    /// <summary>256 entries of four magnitudes of 4 to 62.</summary>
    public static readonly CodeBook IQ3_XXS = Books["IQ3_XXS"];

    /// <summary>512 entries of four odd magnitudes of 1 to 15.</summary>
    public static readonly CodeBook IQ3_S = Books["IQ3_S"];

    /// <summary>The values of an entry.</summary>
    public ReadOnlySpan<sbyte> this[int index] => values.AsSpan(index * width, width);

    private static Dictionary<string, CodeBook> Read()
    {
        using var stream = typeof(CodeBook).Assembly.GetManifestResourceStream("CodeBooks.txt")
            ?? throw new InvalidOperationException("The code books are not in the assembly.");
        using var reader = new StreamReader(stream);
        var books = new Dictionary<string, CodeBook>(StringComparer.Ordinal);
        sbyte[] levels = [];
        var values = new List<sbyte>();
        var (name, width) = ("", 0);
        while (reader.ReadLine() is { } line)
        {
            if (line.StartsWith('#'))
            {
                continue;
            }

            if (char.IsAsciiDigit(line[0]))
            {
                foreach (var digit in line)
                {
                    values.Add(levels[digit - '0']);
                }

                continue;
            }

            Keep();
            var parts = line.Split(' ');
            (name, width) = (parts[0], int.Parse(parts[1], CultureInfo.InvariantCulture));
            levels = [.. parts.Skip(2).Select(static level => sbyte.Parse(level, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture))];
            values.Clear();
        }

        Keep();
        return books;

        void Keep()
        {
            if (width > 0)
            {
                books.Add(name, new CodeBook(width, [.. values]));
            }
        }
    }
}
