using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;
using Nyala.Storage;
using Nyala.Xmpp.Sasl;

namespace Nyala.Host.Http;

/// <summary>What a client sends to <see cref="RegistrationEndpoint"/>: a name, keys it derived, and an invite's token or none.</summary>
sealed record KeyRegistration(string Username, string? Token, IReadOnlyList<Credential> Credentials)
{
    /// <summary>Bytes of a request at most; three sets of keys need about 800.</summary>
    public const int MaxBytes = 4_096;

    /// <summary>Bytes of a salt: as many as the salts have that are made up for users who do not exist (RFC 5802 §9).</summary>
    public const int SaltBytes = ScramKeys.SaltSize;

    /// <summary>How much more iterations a client may ask for than the server does: a login with PLAIN has the server do them.</summary>
    public const int MostTimesIterations = 10;

    /// <summary>
    /// The hashes that keys must be there for. All mechanisms are announced before it is known who logs in, and a client takes
    /// the strongest it has: SCRAM-SHA-512, or -256 as RFC 7677 asks. SCRAM-SHA-1 is for those who want old clients.
    /// </summary>
    public static IReadOnlyList<ScramHash> Required { get; } = [ScramHash.Sha512, ScramHash.Sha256];

    static readonly JsonSerializerOptions Strict = new(JsonSerializerDefaults.Web)
    {
        AllowDuplicateProperties = false,
        NumberHandling = JsonNumberHandling.Strict,
        PropertyNameCaseInsensitive = false,
        MaxDepth = 4,
    };

    /// <summary>Reads a request. Never throws.</summary>
    /// <param name="json">The body, whatever it is.</param>
    /// <param name="iterations">What the server asks of new passwords; keys with fewer are refused.</param>
    /// <param name="problem">What is wrong, for the developer of the client; it repeats nothing of what was sent.</param>
    public static bool TryRead(ReadOnlySpan<byte> json, int iterations, [NotNullWhen(true)] out KeyRegistration? request, [NotNullWhen(false)] out string? problem)
    {
        request = null;
        try
        {
            var body = JsonSerializer.Deserialize<Body>(json, Strict);
            if (body is not { Username.Length: > 0, Keys: { } keys })
            {
                problem = "The body is a JSON object with username and keys, and with token for an invite.";
                return false;
            }

            if (!TryTake(keys, iterations, out var credentials, out problem))
            {
                return false;
            }

            request = new(body.Username, string.IsNullOrEmpty(body.Token) ? null : body.Token, credentials);
            return true;
        }
        catch (JsonException)
        {
            problem = "The body is not the JSON object that is expected: a member is missing its type, or is there twice.";
            return false;
        }
    }

    static bool TryTake(Keys?[] all, int iterations, out IReadOnlyList<Credential> credentials, [NotNullWhen(false)] out string? problem)
    {
        var taken = new List<ScramHash>();
        var list = new List<Credential>();
        credentials = list;
        foreach (var keys in all)
        {
            var hash = ScramHash.All.FirstOrDefault(hash => hash.Mechanism == keys?.Mechanism);
            if (keys is null || hash is null || taken.Contains(hash))
            {
                problem = $"Each element of keys is for another of {string.Join(", ", ScramHash.All)}.";
                return false;
            }

            if (keys.Iterations < iterations || keys.Iterations > (long)iterations * MostTimesIterations)
            {
                problem = $"iterations is {iterations} or more, {MostTimesIterations} times that at most.";
                return false;
            }

            if (keys is not { Salt.Length: SaltBytes, StoredKey: { } stored, ServerKey: { } server }
                || !ScramKeys.TryCreate(hash, keys.Salt, keys.Iterations, stored, server, out var made))
            {
                problem = $"salt is {SaltBytes} bytes, storedKey and serverKey are as long as the hash, {hash.Size} bytes for {hash}, all in base64.";
                return false;
            }

            taken.Add(hash);
            list.Add(new(hash.Mechanism, made.Serialize()));
        }

        var missing = Required.Except(taken).ToArray();
        problem = missing.Length == 0 ? null : $"keys lacks {string.Join(" and ", missing.AsEnumerable())}.";
        return problem is null;
    }

    sealed record Body(string? Username, string? Token, Keys?[]? Keys);

    /// <summary>System.Text.Json reads byte[] as base64 and refuses anything else.</summary>
    sealed record Keys(string? Mechanism, byte[]? Salt, int Iterations, byte[]? StoredKey, byte[]? ServerKey);
}
