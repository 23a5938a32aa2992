using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace Nyala.Host.Http;

/// <summary>What a client sends to know whether a name is free: the name, and an invite's token or none.</summary>
sealed record NameCheck(string Username, string? Token)
{
    static readonly JsonSerializerOptions Strict = new(JsonSerializerDefaults.Web) { AllowDuplicateProperties = false, PropertyNameCaseInsensitive = false, MaxDepth = 2 };

    /// <summary>Reads a request. Never throws.</summary>
    /// <param name="json">The body, whatever it is.</param>
    /// <param name="check">What is asked.</param>
    /// <param name="problem">What is wrong, for the developer of the client; it repeats nothing of what was sent.</param>
    public static bool TryRead(ReadOnlySpan<byte> json, [NotNullWhen(true)] out NameCheck? check, [NotNullWhen(false)] out string? problem)
    {
        (check, problem) = (null, "The body is a JSON object with username, and with token for an invite.");
        try
        {
            if (JsonSerializer.Deserialize<Body>(json, Strict) is { Username: { Length: > 0 } username, Token: var token })
            {
                (check, problem) = (new(username, string.IsNullOrEmpty(token) ? null : token), null);
            }
        }
        catch (JsonException)
        {
            // Not the object that is expected.
        }

        return check is not null;
    }

    sealed record Body(string? Username, string? Token);
}
