using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using Nyala.Features.AdHoc;
using Nyala.Xmpp;
using Nyala.Xmpp.Payloads;

namespace Nyala.Host.Http.Files;

/// <summary>
/// What lets a web app fetch other servers' files through this one: it asks for a pass over its stream, by a command that is not listed,
/// and shows it as a bearer token. Nothing is kept of a pass; the key is this process's, so a restart makes all of them worthless.
/// Safe from any thread.
/// </summary>
sealed class MediaPasses(TimeProvider time)
{
    public const string Node = Ns.OwnCommands + "#media";

    public static readonly TimeSpan Lifetime = TimeSpan.FromHours(1);

    const int Fixed = 2 * sizeof(long);

    readonly byte[] _key = RandomNumberGenerator.GetBytes(HMACSHA256.HashSizeInBytes);

    public void AddTo(CommandList commands) =>
        commands.Add(new(Node, "Fetch files of other servers", CommandUsers.Everybody, asker => new(Offer(asker.Account.Id))) { IsListed = false });

    /// <summary>A pass of an account, for an hour.</summary>
    public string Make(long account)
    {
        var pass = new byte[Fixed + HMACSHA256.HashSizeInBytes];
        BinaryPrimitives.WriteInt64BigEndian(pass, account);
        BinaryPrimitives.WriteInt64BigEndian(pass.AsSpan(sizeof(long)), (time.GetUtcNow() + Lifetime).ToUnixTimeMilliseconds());
        HMACSHA256.HashData(_key, pass.AsSpan(0, Fixed), pass.AsSpan(Fixed));
        return Base64Url.EncodeToString(pass);
    }

    /// <summary>Whose pass this is; null when it is none, or of an hour ago.</summary>
    public long? Read(ReadOnlySpan<char> text)
    {
        Span<byte> pass = stackalloc byte[Fixed + HMACSHA256.HashSizeInBytes];
        Span<byte> sum = stackalloc byte[HMACSHA256.HashSizeInBytes];
        if (text.Length != Base64Url.GetEncodedLength(pass.Length) || !Base64Url.IsValid(text) || Base64Url.DecodeFromChars(text, pass) != pass.Length)
        {
            return null;
        }

        HMACSHA256.HashData(_key, pass[..Fixed], sum);
        return CryptographicOperations.FixedTimeEquals(sum, pass[Fixed..])
            && BinaryPrimitives.ReadInt64BigEndian(pass[sizeof(long)..]) > time.GetUtcNow().ToUnixTimeMilliseconds()
            ? BinaryPrimitives.ReadInt64BigEndian(pass)
            : null;
    }

    CommandResult Offer(long account) => CommandResult.Of(new DataForm("result", Node)
        .Add(new DataFormField("pass", "text-single", [Make(account)]))
        .Add(new DataFormField("expire", "text-single", [DateTimeProfile.Format(time.GetUtcNow() + Lifetime)])));
}
