using System.Text.Json;

namespace Nyala.Host.Demo;

/// <summary>What happened before the demo begins, as stanzas that somebody sends; made from the seed by the web app's build.</summary>
/// <param name="Accounts">Everybody who has an account, by localpart.</param>
/// <param name="Steps">In their order.</param>
sealed record DemoScript(IReadOnlyList<string> Accounts, IReadOnlyList<DemoStep> Steps)
{
    static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    /// <exception cref="StartException">The file is not there or not usable.</exception>
    public static DemoScript Read(string file)
    {
        try
        {
            return JsonSerializer.Deserialize<DemoScript>(File.ReadAllBytes(file), Json)!;
        }
        catch (Exception e) when (e is IOException or JsonException)
        {
            throw new StartException($"The demo's story {file} cannot be read: build again.", e);
        }
    }
}

/// <param name="As">Who sends it, a localpart.</param>
/// <param name="Ago">How long ago, in milliseconds.</param>
/// <param name="Xml">The stanza.</param>
/// <param name="File">The picture that is uploaded before, by its name beside the script, or null; <c>{file}</c> in the stanza is its address.</param>
sealed record DemoStep(string As, long Ago, string Xml, string? File = null);
