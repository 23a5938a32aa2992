using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Encodings.Web;

namespace Nyala.Host.Http;

/// <summary>Text that is HTML already. Made only from templates whose holes are encoded, so that nothing foreign gets in unescaped.</summary>
readonly record struct Html(string Value)
{
    public static readonly Html Empty = new("");

    /// <summary>A template: literals are HTML, holes are encoded unless they are <see cref="Html"/> themselves.</summary>
    public static Html Of(HtmlTemplate template) => new(template.ToString());

    public static Html Join(IEnumerable<Html> parts) => new(string.Concat(parts.Select(part => part.Value)));

    public override string ToString() => Value;
}

/// <summary>Collects a template for <see cref="Html.Of"/>.</summary>
[InterpolatedStringHandler]
readonly ref struct HtmlTemplate(int literalLength, int formattedCount)
{
    readonly StringBuilder _text = new(literalLength + (formattedCount * 32));

    public void AppendLiteral(string html) => _text.Append(html);

    public void AppendFormatted(Html html) => _text.Append(html.Value);

    public void AppendFormatted(string? text) => _text.Append(HtmlEncoder.Default.Encode(text ?? ""));

    public void AppendFormatted(int number) => _text.Append(number);

    public override string ToString() => _text.ToString();
}
