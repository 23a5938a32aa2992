using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace Nyala.Xmpp.Sasl;

/// <summary>What a SCRAM client tells the server about channel binding (RFC 5802 §6).</summary>
public enum ScramBinding
{
    /// <summary><c>n</c>: this client cannot bind.</summary>
    Unsupported,

    /// <summary><c>y</c>: this client could, but the server announced no -PLUS mechanism.</summary>
    NotAnnounced,

    /// <summary><c>p=tls-server-end-point</c>: the -PLUS variant.</summary>
    EndPoint,

    /// <summary><c>p=tls-unique</c>: the -PLUS variant as older clients use it.</summary>
    Unique,
}

/// <summary>
/// The client's side of one SCRAM exchange (RFC 5802, RFC 7677, XEP-0474). A server's mistake or lie ends it:
/// <see cref="Problem"/> says why. Does no I/O. Not thread-safe; one object per attempt.
/// </summary>
public sealed class ScramClient
{
    const int NonceBytes = 18;

    // RFC 7677 §4: fewer rounds are a server's mistake, or somebody's attempt to make guessing cheap.
    const int MinIterations = 4096;
    const int MaxIterations = 10_000_000;

    readonly ScramHash _hash;
    readonly string _userName;
    readonly string _password;
    string _header = "";
    string _bare = "";
    string _nonce;
    byte[]? _serverSignature;

    public ScramClient(ScramHash hash, string userName, string password)
        : this(hash, userName, password, Convert.ToBase64String(RandomNumberGenerator.GetBytes(NonceBytes)))
    {
    }

    internal ScramClient(ScramHash hash, string userName, string password, string nonce)
    {
        _hash = hash;
        _userName = userName;
        _password = password;
        _nonce = nonce;
    }

    public ScramBinding Binding { get; init; }

    /// <summary>The channel's data, for <see cref="ScramBinding.EndPoint"/> and <see cref="ScramBinding.Unique"/>.</summary>
    public ReadOnlyMemory<byte> BindingData { get; init; }

    /// <summary>The address to act as, or null.</summary>
    public string? AuthorizationId { get; init; }

    /// <summary>The mechanisms the server announced; with them a server's downgrade hash is verified (XEP-0474).</summary>
    public IReadOnlyCollection<string>? AnnouncedMechanisms { get; init; }

    /// <summary>The channel binding types the server announced (XEP-0440).</summary>
    public IReadOnlyCollection<string> AnnouncedBindings { get; init; } = [];

    /// <summary>Keys of an earlier login, used when salt and rounds are still the same; afterwards those of this one, to keep.</summary>
    public ScramClientKeys? Keys { get; set; }

    /// <summary>Whether the server sent a downgrade hash and it was right.</summary>
    public bool DowngradeProtected { get; private set; }

    /// <summary>Why the exchange failed on this side, or null.</summary>
    public string? Problem { get; private set; }

    /// <summary>The client's first message.</summary>
    public byte[] First()
    {
        var flag = Binding switch
        {
            ScramBinding.EndPoint => "p=" + ChannelBinding.EndPoint,
            ScramBinding.Unique => "p=" + ChannelBinding.Unique,
            ScramBinding.NotAnnounced => "y",
            _ => "n",
        };
        _header = AuthorizationId is null ? flag + ",," : $"{flag},a={ScramText.Escape(AuthorizationId)},";
        _bare = $"n={ScramText.Escape(_userName)},r={_nonce}";
        return Encoding.UTF8.GetBytes(_header + _bare);
    }

    /// <summary>Reads the server's first message and makes the client's last one; false: see <see cref="Problem"/>.</summary>
    public bool TryRespond(ReadOnlySpan<byte> serverFirst, [NotNullWhen(true)] out byte[]? clientFinal)
    {
        clientFinal = null;
        var rest = serverFirst;
        var salt = new byte[serverFirst.Length];
        if (!ScramText.TryTake(ref rest, (byte)'r', out var nonce) || !ScramText.IsNonce(nonce) || !ScramText.TryComma(ref rest)
            || !ScramText.TryTake(ref rest, (byte)'s', out var saltText) || !ScramText.TryComma(ref rest)
            || !ScramText.TryBase64(saltText, salt, out var saltSize) || saltSize == 0
            || !ScramText.TryTake(ref rest, (byte)'i', out var rounds) || !int.TryParse(rounds, out var iterations)
            || !ScramText.AreExtensions(rest))
        {
            return Fail("The server's challenge is malformed.");
        }

        var whole = Encoding.ASCII.GetString(nonce);
        if (whole.Length <= _nonce.Length || !whole.StartsWith(_nonce, StringComparison.Ordinal))
        {
            return Fail("The server's challenge answers somebody else.");
        }

        if (iterations is < MinIterations or > MaxIterations)
        {
            return Fail($"The server asks for {iterations} rounds, which is out of bounds.");
        }

        if (!KeepsPromises(rest) || !TryKeys(salt[..saltSize], iterations, out var keys))
        {
            return false;
        }

        _nonce = whole;
        clientFinal = Final(serverFirst, keys);
        return true;
    }

    /// <summary>Reads what came with the server's success: whether it knows the keys, too.</summary>
    public bool TryFinish(ReadOnlySpan<byte> serverFinal)
    {
        Span<byte> signature = stackalloc byte[3 * ScramHash.MaxSize];
        var rest = serverFinal;
        if (_serverSignature is null || serverFinal.Length > signature.Length
            || !ScramText.TryTake(ref rest, (byte)'v', out var text) || !ScramText.AreExtensions(rest)
            || !ScramText.TryBase64(text, signature, out var size)
            || !CryptographicOperations.FixedTimeEquals(signature[..size], _serverSignature))
        {
            return Fail("The server did not prove that it knows this account.");
        }

        return true;
    }

    bool Fail(string problem)
    {
        Problem = problem;
        return false;
    }

    /// <summary>XEP-0474 §5.2.</summary>
    bool KeepsPromises(ReadOnlySpan<byte> extensions)
    {
        while (ScramText.TryComma(ref extensions))
        {
            var name = extensions[0];
            if (ScramText.TryTake(ref extensions, name, out var value) && name == 'h' && AnnouncedMechanisms is not null)
            {
                var expected = DowngradeProtection.Hash(_hash, AnnouncedMechanisms, AnnouncedBindings);
                if (!value.SequenceEqual(Encoding.ASCII.GetBytes(expected)))
                {
                    return Fail("The mechanisms announced here are not those the server announced: somebody changed them on the way.");
                }

                DowngradeProtected = true;
            }
        }

        return true;
    }

    bool TryKeys(byte[] salt, int iterations, [NotNullWhen(true)] out ScramClientKeys? keys)
    {
        keys = Keys;
        if (keys is not null && keys.Fits(_hash, salt, iterations))
        {
            return true;
        }

        keys = Precis.TryOpaqueString(_password, out var prepared) ? ScramClientKeys.Derive(_hash, prepared, salt, iterations) : null;
        Keys = keys;
        return keys is not null || Fail("The password has characters that no password can have.");
    }

    byte[] Final(ReadOnlySpan<byte> serverFirst, ScramClientKeys keys)
    {
        byte[] binding = [.. Encoding.UTF8.GetBytes(_header), .. Binding is ScramBinding.EndPoint or ScramBinding.Unique ? BindingData.Span : default];
        var withoutProof = $"c={Convert.ToBase64String(binding)},r={_nonce}";
        byte[] message = [.. Encoding.UTF8.GetBytes(_bare), (byte)',', .. serverFirst, (byte)',', .. Encoding.UTF8.GetBytes(withoutProof)];
        var stored = new byte[_hash.Size];
        var proof = new byte[_hash.Size];
        _hash.Digest(keys.ClientKey, stored);
        _hash.Hmac(stored, message, proof);
        for (var i = 0; i < proof.Length; i++)
        {
            proof[i] ^= keys.ClientKey[i];
        }

        _serverSignature = new byte[_hash.Size];
        _hash.Hmac(keys.ServerKey, message, _serverSignature);
        return Encoding.UTF8.GetBytes($"{withoutProof},p={Convert.ToBase64String(proof)}");
    }
}
