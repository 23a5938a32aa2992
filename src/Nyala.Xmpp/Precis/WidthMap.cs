using System.Text;

namespace Nyala.Xmpp;

/// <summary>The width mapping rule (RFC 8264 §5.2.1): fullwidth and halfwidth forms become what they are forms of.</summary>
static class WidthMap
{
    /// <summary>The decomposition of U+FFE0 to U+FFEE.</summary>
    const string Signs = "\u00A2\u00A3\u00AC\u00AF\u00A6\u00A5\u20A9\uFFE7\u2502\u2190\u2191\u2192\u2193\u25A0\u25CB";

    /// <summary>The decomposition of U+FFA0 to U+FFDC; a NUL where none is assigned.</summary>
    const string Jamo = "\u3164\u3131\u3132\u3133\u3134\u3135\u3136\u3137\u3138\u3139\u313A\u313B\u313C\u313D\u313E\u313F"
        + "\u3140\u3141\u3142\u3143\u3144\u3145\u3146\u3147\u3148\u3149\u314A\u314B\u314C\u314D\u314E\0"
        + "\0\0\u314F\u3150\u3151\u3152\u3153\u3154\0\0\u3155\u3156\u3157\u3158\u3159\u315A"
        + "\0\0\u315B\u315C\u315D\u315E\u315F\u3160\0\0\u3161\u3162\u3163";

    /// <summary>The same text when nothing in it is full- or halfwidth.</summary>
    public static string Apply(string text)
    {
        if (text.AsSpan().IndexOfAnyInRange('\uFF01', '\uFFEE') < 0 && !text.Contains('\u3000'))
        {
            return text;
        }

        return string.Create(text.Length, text, static (output, source) =>
        {
            for (var i = 0; i < output.Length; i++)
            {
                output[i] = Map(source[i]);
            }
        });
    }

    static char Map(char wide) => wide switch
    {
        '\u3000' => ' ',
        >= '\uFF01' and <= '\uFF5E' => (char)(wide - 0xFF01 + '!'),
        // The compatibility form of these is their width decomposition; jamo and signs would decompose further.
        >= '\uFF5F' and <= '\uFF9F' => wide.ToString().Normalize(NormalizationForm.FormKC)[0],
        >= '\uFFA0' and <= '\uFFDC' => Jamo[wide - 0xFFA0] is not '\0' and var jamo ? jamo : wide,
        >= '\uFFE0' and <= '\uFFEE' => Signs[wide - 0xFFE0],
        _ => wide,
    };
}
