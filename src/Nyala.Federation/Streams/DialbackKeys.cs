using System.Security.Cryptography;
using System.Text;

namespace Nyala.Federation.Streams;

/// <summary>Keys of dialback, which need not be remembered to be recognised (XEP-0185 §3.1).</summary>
sealed class DialbackKeys(byte[] secret)
{
    readonly byte[] _secret = Encoding.ASCII.GetBytes(Convert.ToHexStringLower(SHA256.HashData(secret)));

    /// <summary>The key for a stream that this server has opened.</summary>
    /// <param name="receiving">The domain it was opened to.</param>
    /// <param name="originating">Our domain.</param>
    /// <param name="stream">The id that the receiving server gave the stream.</param>
    public string Make(string receiving, string originating, string stream) =>
        Convert.ToHexStringLower(HMACSHA256.HashData(_secret, Encoding.UTF8.GetBytes($"{receiving} {originating} {stream}")));

    /// <summary>Whether a key is ours.</summary>
    public bool IsOurs(string key, string receiving, string originating, string stream) =>
        CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(key), Encoding.UTF8.GetBytes(Make(receiving, originating, stream)));
}
