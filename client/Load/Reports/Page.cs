using System.Net;
using System.Text;

namespace Crescent.Client.Load.Reports;

/// <summary>Builds a page that needs no other file: pictures and data are in it, and no script runs.</summary>
internal sealed class Page
{
    private const string Style = """
        body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; padding: 0 1rem; color: #222; background: #fff; }
        h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
        table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
        td, th { padding: .2rem .7rem; text-align: right; border-bottom: 1px solid #ddd; } td:first-child, th:first-child { text-align: left; }
        img { max-width: 100%; height: auto; } code, pre { background: #f3f3f3; padding: .1rem .3rem; overflow-wrap: anywhere; white-space: pre-wrap; }
        """;

    private readonly StringBuilder _text = new();

    /// <param name="title">Of the page.</param>
    public Page(string title) => _text.Append("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>")
        .Append(Escape(title)).Append("</title><style>\n").Append(Style).Append("\n</style></head><body>\n<h1>").Append(Escape(title)).Append("</h1>\n");

    /// <summary>A heading.</summary>
    public Page Heading(string text)
    {
        _text.Append("<h2>").Append(Escape(text)).Append("</h2>\n");
        return this;
    }

    /// <summary>A line of text.</summary>
    public Page Line(string text)
    {
        _text.Append("<p>").Append(Escape(text)).Append("</p>\n");
        return this;
    }

    /// <summary>A command.</summary>
    public Page Command(string text)
    {
        _text.Append("<pre>").Append(Escape(text)).Append("</pre>\n");
        return this;
    }

    /// <summary>A picture.</summary>
    public Page Picture(byte[] png, string words)
    {
        _text.Append("<p><img alt=\"").Append(Escape(words)).Append("\" src=\"data:image/png;base64,").Append(Convert.ToBase64String(png)).Append("\"></p>\n");
        return this;
    }

    /// <summary>A table.</summary>
    public Page Table(IEnumerable<string> head, IEnumerable<IEnumerable<string>> rows)
    {
        _text.Append("<table><thead><tr>");
        foreach (var cell in head)
        {
            _text.Append("<th>").Append(Escape(cell)).Append("</th>");
        }

        _text.Append("</tr></thead><tbody>\n");
        foreach (var row in rows)
        {
            _text.Append("<tr>");
            foreach (var cell in row)
            {
                _text.Append("<td>").Append(Escape(cell)).Append("</td>");
            }

            _text.Append("</tr>\n");
        }

        _text.Append("</tbody></table>\n");
        return this;
    }

    /// <summary>The data that the page was made of, for whoever wants to go on with it.</summary>
    public Page Data(string json)
    {
        // No text of it may end the element.
        _text.Append("<script type=\"application/json\" id=\"data\">").Append(json.Replace("<", "\\u003c", StringComparison.Ordinal)).Append("</script>\n");
        return this;
    }

    /// <summary>The whole page.</summary>
    public override string ToString() => _text + "</body></html>\n";

    private static string Escape(string text) => WebUtility.HtmlEncode(text);
}
