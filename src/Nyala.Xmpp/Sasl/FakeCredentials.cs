using System.Security.Cryptography;
using System.Text;

namespace Nyala.Xmpp.Sasl;

/// <summary>
/// Keys for users that do not exist: always the same for one name, so that nobody can tell them from real ones by asking
/// twice (RFC 5802 §9). Nothing verifies against them. Safe from any thread.
/// </summary>
/// <param name="secret">The server's own, kept across restarts; at least 16 bytes.</param>
/// <param name="iterations">What new passwords of real users get.</param>
public sealed class FakeCredentials(byte[] secret, int iterations)
{
    /// <summary>The keys of nobody.</summary>
    public ScramKeys For(ScramHash hash, string userName)
    {
        // A real account answers to every spelling of its name with the same salt.
        var name = Encoding.UTF8.GetBytes(Jid.TryLocal(userName, out var local) ? local : userName);
        var salt = Make(hash, "salt"u8, name, ScramKeys.SaltSize);
        return new ScramKeys(hash, salt, iterations, Make(hash, "stored"u8, name, hash.Size), Make(hash, "server"u8, name, hash.Size));
    }

    byte[] Make(ScramHash hash, ReadOnlySpan<byte> purpose, ReadOnlySpan<byte> name, int size)
    {
        Span<byte> mac = stackalloc byte[HMACSHA512.HashSizeInBytes];
        HMACSHA512.HashData(secret, [hash.Id, .. purpose, 0, .. name], mac);
        return mac[..size].ToArray();
    }
}
