using System.Globalization;
using System.Net;
using System.Text;
using Nyala.Load.Measure;

namespace Nyala.Load.Report;

/// <summary>One bar of a plot.</summary>
sealed record Bar(string Label, double Value, double Least, double Most);

/// <summary>Bars that are compared with each other.</summary>
sealed record Panel(string Title, string Unit, IReadOnlyList<Bar> Bars);

/// <summary>Plots as SVG by hand: no axes, every bar says its number; readable on light and on dark.</summary>
static class Svg
{
    const int PanelWidth = 360;
    const int BarHeight = 20;
    const int BarStep = 26;
    const int LabelWidth = 74;
    const int ValueWidth = 96;

    const string Style = """
        <style>
          text { font: 13px system-ui, -apple-system, "Segoe UI", sans-serif; fill: #1f2328; }
          .title { font-weight: 600; }
          .quiet { fill: #57606a; }
          .nyala { fill: #d97706; }
          .peer { fill: #8c959f; }
          .limit { fill: none; stroke: #8c959f; stroke-dasharray: 3 3; }
          .range { stroke: #1f2328; stroke-width: 1.5; opacity: .55; }
          .line { fill: none; stroke: #d97706; stroke-width: 2; }
          .grid { stroke: #8c959f; stroke-width: 1; opacity: .35; }
          @media (prefers-color-scheme: dark) {
            text { fill: #e6edf3; }
            .quiet { fill: #9198a1; }
            .nyala { fill: #f59e0b; }
            .line { stroke: #f59e0b; }
            .peer { fill: #6e7681; }
            .range { stroke: #e6edf3; }
          }
        </style>

        """;

    /// <summary>Panels of bars, two in a row. The thin line on a bar spans the rounds.</summary>
    public static string Bars(IReadOnlyList<Panel> panels)
    {
        var rows = panels.Chunk(2).Select(row => (Panels: row, Height: 40 + (row.Max(panel => panel.Bars.Count) * BarStep))).ToArray();
        var text = Begin(2 * PanelWidth, rows.Sum(row => row.Height), string.Join("; ", panels.Select(Describe)));
        var y = 0;
        foreach (var (row, height) in rows)
        {
            for (var i = 0; i < row.Length; i++)
            {
                Draw(text, row[i], i * PanelWidth, y);
            }

            y += height;
        }

        return text.Append("</svg>\n").ToString();
    }

    /// <summary>One value over time, from zero.</summary>
    public static string Line(string title, string unit, IReadOnlyList<Sample> samples)
    {
        const int Width = 2 * PanelWidth, Height = 220, Left = 70, Top = 40, Bottom = 190, Right = 700;
        var text = Begin(Width, Height, title);
        var (most, end) = (samples.Max(sample => sample.Value) * 1.1, samples[^1].Seconds);
        Text(text, 10, 20, "title", title);
        foreach (var part in (double[])[0, 0.5, 1])
        {
            var y = Bottom - (part * (Bottom - Top));
            text.Append(CultureInfo.InvariantCulture, $"<line class=\"grid\" x1=\"{Left}\" x2=\"{Right}\" y1=\"{y:0.#}\" y2=\"{y:0.#}\"/>\n");
            Text(text, 10, y + 4, "quiet", $"{Measurements.Show(Math.Round(part * most))} {unit}");
        }

        var points = samples.Select(sample => string.Create(
            CultureInfo.InvariantCulture, $"{Left + (sample.Seconds / end * (Right - Left)):0.#},{Bottom - (sample.Value / most * (Bottom - Top)):0.#}"));
        text.Append(CultureInfo.InvariantCulture, $"<polyline class=\"line\" points=\"{string.Join(' ', points)}\"/>\n");
        Text(text, Right - 60, Height - 10, "quiet", $"{Measurements.Show(Math.Round(end / 60))} min");
        return text.Append("</svg>\n").ToString();
    }

    static StringBuilder Begin(int width, int height, string description) => new StringBuilder()
        .Append(CultureInfo.InvariantCulture, $"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" role=\"img\">\n")
        .Append(CultureInfo.InvariantCulture, $"<title>{WebUtility.HtmlEncode(description)}</title>\n")
        .Append(Style.ReplaceLineEndings("\n"));

    static string Describe(Panel panel) =>
        $"{panel.Title}: {string.Join(", ", panel.Bars.Select(bar => $"{bar.Label} {Measurements.Show(bar.Value)} {panel.Unit}"))}";

    static void Draw(StringBuilder text, Panel panel, int x, int y)
    {
        Text(text, x + 10, y + 20, "title", panel.Title);
        var most = panel.Bars.Max(bar => bar.Most);
        var scale = most > 0 ? (PanelWidth - LabelWidth - ValueWidth) / most : 0;
        for (var i = 0; i < panel.Bars.Count; i++)
        {
            var bar = panel.Bars[i];
            var top = y + 32 + (i * BarStep);
            var left = x + LabelWidth;
            var kind = bar.Label switch
            {
                ResultTable.Ours => "nyala",
                _ when ResultTable.IsLimit(bar.Label) => "limit",
                _ => "peer",
            };
            Text(text, x + 10, top + 15, bar.Label == ResultTable.Ours ? "title" : "", bar.Label);
            text.Append(CultureInfo.InvariantCulture, $"<rect class=\"{kind}\" x=\"{left}\" y=\"{top}\" width=\"{Math.Max(1, bar.Value * scale):0.#}\" height=\"{BarHeight}\" rx=\"2\"/>\n");
            if ((bar.Most - bar.Least) * scale > 2)
            {
                text.Append(CultureInfo.InvariantCulture, $"<line class=\"range\" x1=\"{left + (bar.Least * scale):0.#}\" x2=\"{left + (bar.Most * scale):0.#}\" y1=\"{top + 10}\" y2=\"{top + 10}\"/>\n");
            }

            Text(text, left + (bar.Most * scale) + 6, top + 15, "quiet", $"{Measurements.Show(bar.Value)} {panel.Unit}");
        }
    }

    static void Text(StringBuilder into, double x, double y, string kind, string text) => into.Append(
        CultureInfo.InvariantCulture, $"<text x=\"{x:0.#}\" y=\"{y:0.#}\"{(kind.Length > 0 ? $" class=\"{kind}\"" : "")}>{WebUtility.HtmlEncode(text)}</text>\n");
}
