using System.Security.Cryptography;
using System.Text;

namespace Nyala.Xmpp.Sasl;

/// <summary>
/// HT-SHA-256-ENDP and -NONE (draft-schmaus-kitten-sasl-ht), for the tokens of FAST (XEP-0484): one message each way, a
/// token as key, the channel's data (none for -NONE) in what it signs.
/// </summary>
public sealed class HashedToken
{
    const int MaxMessage = 2048;

    readonly byte[] _hash;

    HashedToken(string userName, Jid? account, byte[] hash)
    {
        UserName = userName;
        Account = account;
        _hash = hash;
    }

    /// <summary>The user name as the client wrote it.</summary>
    public string UserName { get; }

    /// <summary>The account that wants in, prepared; null when no account can have that name.</summary>
    public Jid? Account { get; }

    /// <summary>Reads the client's only message; null when tokens may be compared, else the failure.</summary>
    /// <param name="message">The message: <c>authcid NUL initiator-hashed-token</c>.</param>
    /// <param name="domain">The host that authenticates.</param>
    /// <param name="request">What was asked; null on failure.</param>
    public static SaslFailure? Read(ReadOnlySpan<byte> message, string domain, out HashedToken? request)
    {
        request = null;
        var end = message.IndexOf((byte)0);
        if (end <= 0 || message.Length > MaxMessage || message.Length - end - 1 != HMACSHA256.HashSizeInBytes
            || !SaslData.TryUtf8(message[..end], out var userName))
        {
            return SaslFailure.MalformedRequest;
        }

        SaslData.MayActAs(userName, domain, null, out var account);
        request = new HashedToken(userName, account, message[(end + 1)..].ToArray());
        return null;
    }

    /// <summary>Whether the client holds this token on this channel. Takes the same time for every answer.</summary>
    /// <param name="token">One of the account's tokens for the mechanism in use.</param>
    /// <param name="channelBinding">The channel's data; empty for -NONE.</param>
    public bool Verify(ReadOnlySpan<byte> token, ReadOnlySpan<byte> channelBinding) =>
        CryptographicOperations.FixedTimeEquals(Sign(token, "Initiator"u8, channelBinding), _hash);

    /// <summary>What goes with the success: the proof that the server holds the token, too.</summary>
    public static byte[] Response(ReadOnlySpan<byte> token, ReadOnlySpan<byte> channelBinding) => Sign(token, "Responder"u8, channelBinding);

    /// <summary>The client's message.</summary>
    public static byte[] Message(string userName, ReadOnlySpan<byte> token, ReadOnlySpan<byte> channelBinding) =>
        [.. Encoding.UTF8.GetBytes(userName), 0, .. Sign(token, "Initiator"u8, channelBinding)];

    /// <summary>Whether the server's response proves that it holds the token.</summary>
    public static bool VerifyResponse(ReadOnlySpan<byte> response, ReadOnlySpan<byte> token, ReadOnlySpan<byte> channelBinding) =>
        CryptographicOperations.FixedTimeEquals(Response(token, channelBinding), response);

    static byte[] Sign(ReadOnlySpan<byte> token, ReadOnlySpan<byte> role, ReadOnlySpan<byte> channelBinding) =>
        HMACSHA256.HashData(token, [.. role, .. channelBinding]);
}
