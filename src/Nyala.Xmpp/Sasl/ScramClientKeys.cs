namespace Nyala.Xmpp.Sasl;

/// <summary>What a client may keep between logins instead of deriving it again (RFC 5802 §3). As good as the password: keep it secret.</summary>
public sealed class ScramClientKeys
{
    ScramClientKeys(ScramHash hash, byte[] salt, int iterations, byte[] clientKey, byte[] serverKey)
    {
        Hash = hash;
        Salt = salt;
        Iterations = iterations;
        ClientKey = clientKey;
        ServerKey = serverKey;
    }

    public ScramHash Hash { get; }

    internal byte[] Salt { get; }

    internal int Iterations { get; }

    internal byte[] ClientKey { get; }

    internal byte[] ServerKey { get; }

    internal bool Fits(ScramHash hash, ReadOnlySpan<byte> salt, int iterations) =>
        Hash == hash && Iterations == iterations && salt.SequenceEqual(Salt);

    internal static ScramClientKeys Derive(ScramHash hash, string prepared, byte[] salt, int iterations)
    {
        Span<byte> salted = stackalloc byte[ScramHash.MaxSize];
        salted = salted[..hash.Size];
        hash.Salted(prepared, salt, iterations, salted);
        var clientKey = new byte[hash.Size];
        var serverKey = new byte[hash.Size];
        hash.Hmac(salted, "Client Key"u8, clientKey);
        hash.Hmac(salted, "Server Key"u8, serverKey);
        salted.Clear();
        return new ScramClientKeys(hash, salt, iterations, clientKey, serverKey);
    }
}
