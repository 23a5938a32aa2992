using System.Globalization;
using System.Text;
using QRCoder;

namespace Nyala.Host.Http.Pages;

/// <summary>QR codes as inline pictures that need no script and no style.</summary>
static class QrSvg
{
    /// <summary>A picture of a text, dark on white also in dark mode: cameras want it so.</summary>
    public static Html Make(string text, string label)
    {
        using var generator = new QRCodeGenerator();
        using var code = generator.CreateQrCode(text, QRCodeGenerator.ECCLevel.M);
        var matrix = code.ModuleMatrix;
        var path = new StringBuilder();

        // QRCoder's matrix brings its own quiet zone of four modules.
        for (var y = 0; y < matrix.Count; y++)
        {
            for (var x = 0; x < matrix.Count; x++)
            {
                if (matrix[y][x])
                {
                    path.Append(CultureInfo.InvariantCulture, $"M{x} {y}h1v1h-1z");
                }
            }
        }

        return Html.Of($"""<svg xmlns="http://www.w3.org/2000/svg" class="qr" role="img" aria-label="{label}" viewBox="0 0 {matrix.Count} {matrix.Count}" shape-rendering="crispEdges"><path fill="#fff" d="M0 0h{matrix.Count}v{matrix.Count}h-{matrix.Count}z"/><path fill="#000" d="{path.ToString()}"/></svg>""");
    }
}
