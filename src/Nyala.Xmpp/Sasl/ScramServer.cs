using System.Buffers;
using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace Nyala.Xmpp.Sasl;

/// <summary>
/// The server's side of one SCRAM exchange (RFC 5802, RFC 7677), in three calls: <see cref="Start"/> reads who wants in;
/// the caller finds that account's keys in its own time, or takes those of <see cref="FakeCredentials"/>;
/// <see cref="Challenge"/> answers; <see cref="Finish"/> decides. Does no I/O. Not thread-safe; one object per attempt.
/// </summary>
public sealed class ScramServer
{
    const int NonceBytes = 18;

    readonly ScramHash _hash;
    readonly bool _plus;
    readonly SaslOffer _offer;
    readonly string? _fixedNonce;
    byte[] _clientFirst = [];
    int _bareStart;
    byte[] _nonce = [];
    byte[] _serverFirst = [];
    ScramKeys? _keys;
    ReadOnlyMemory<byte> _channel;
    bool _finished;

    /// <param name="hash">The mechanism's hash (<see cref="Mechanisms.Scram"/>).</param>
    /// <param name="plus">Whether the client chose the -PLUS variant.</param>
    /// <param name="offer">What was announced to this client.</param>
    public ScramServer(ScramHash hash, bool plus, SaslOffer offer)
        : this(hash, plus, offer, null)
    {
    }

    internal ScramServer(ScramHash hash, bool plus, SaslOffer offer, string? nonce)
    {
        _hash = hash;
        _plus = plus;
        _offer = offer;
        _fixedNonce = nonce;
    }

    public ScramHash Hash => _hash;

    /// <summary>
    /// The data of tls-unique, taken only when a client asks for that binding; unset where TLS does not end here. It is
    /// never announced. COMPAT(slixmpp before 1.9, and what is built on it): they know no other binding and insist on it,
    /// also with TLS 1.3. Remove when nobody uses them: docs/decisions/006-channel-binding.md.
    /// </summary>
    public Func<ReadOnlyMemory<byte>>? TlsUnique { get; init; }

    /// <summary>The user name as the client wrote it, for <see cref="FakeCredentials"/>; valid after <see cref="Start"/>.</summary>
    public string UserName { get; private set; } = "";

    /// <summary>The account that wants in, prepared; null when no account can have that name. Valid after <see cref="Start"/>.</summary>
    public Jid? Account { get; private set; }

    /// <summary>Reads the client's first message; null when the exchange may go on.</summary>
    public SaslFailure? Start(ReadOnlySpan<byte> clientFirst)
    {
        if (_clientFirst.Length > 0)
        {
            throw new InvalidOperationException("The exchange has begun already.");
        }

        if (clientFirst.Length > ScramText.MaxMessage)
        {
            return SaslFailure.MalformedRequest;
        }

        var rest = clientFirst;
        if (ReadBindingFlag(ref rest) is { } failure)
        {
            return failure;
        }

        string? authorizationId = null;
        if (!ScramText.TryComma(ref rest)
            || (ScramText.TryTake(ref rest, (byte)'a', out var authzid) && !ScramText.TryName(authzid, out authorizationId))
            || !ScramText.TryComma(ref rest))
        {
            return SaslFailure.MalformedRequest;
        }

        _bareStart = clientFirst.Length - rest.Length;
        if (!ScramText.TryTake(ref rest, (byte)'n', out var name) || !ScramText.TryName(name, out var userName)
            || !ScramText.TryComma(ref rest)
            || !ScramText.TryTake(ref rest, (byte)'r', out var nonce) || !ScramText.IsNonce(nonce)
            || !ScramText.AreExtensions(rest))
        {
            return SaslFailure.MalformedRequest;
        }

        if (!SaslData.MayActAs(userName, _offer.Domain, authorizationId, out var account))
        {
            return SaslFailure.InvalidAuthzid;
        }

        UserName = userName;
        Account = account;
        _nonce = nonce.ToArray();
        _clientFirst = clientFirst.ToArray();
        return null;
    }

    /// <summary>The server's first message, for the account's keys or for nobody's.</summary>
    /// <param name="keys">Keys of <see cref="Hash"/>.</param>
    public byte[] Challenge(ScramKeys keys)
    {
        if (_clientFirst.Length == 0 || _keys is not null || keys.Hash != _hash)
        {
            throw new InvalidOperationException("A challenge is made once, after the start, from keys of the mechanism's hash.");
        }

        _keys = keys;
        var output = new ArrayBufferWriter<byte>(192);
        output.Write("r="u8);
        output.Write(_nonce);
        if (_fixedNonce is null)
        {
            Span<byte> random = stackalloc byte[NonceBytes];
            RandomNumberGenerator.Fill(random);
            WriteBase64(output, random);
        }
        else
        {
            output.Write(Encoding.ASCII.GetBytes(_fixedNonce));
        }

        _nonce = output.WrittenSpan[2..].ToArray();
        output.Write(",s="u8);
        WriteBase64(output, keys.Salt);
        output.Write(",i="u8);
        Utf8Formatter.TryFormat(keys.Iterations, output.GetSpan(11), out var digits);
        output.Advance(digits);
        if (_offer.ProtectsFromDowngrade)
        {
            output.Write(",h="u8);
            output.Write(_offer.DowngradeHash(_hash));
        }

        _serverFirst = output.WrittenSpan.ToArray();
        return _serverFirst;
    }

    /// <summary>Reads the client's last message; null when the client is who it says, and then only.</summary>
    /// <param name="clientFinal">The message.</param>
    /// <param name="serverFinal">On success what the client learns with it: that the server is who it says.</param>
    public SaslFailure? Finish(ReadOnlySpan<byte> clientFinal, [NotNull] out byte[]? serverFinal)
    {
        if (_keys is null || _finished)
        {
            throw new InvalidOperationException("An exchange is finished once, after the challenge.");
        }

        _finished = true;
        serverFinal = [];
        if (clientFinal.Length > ScramText.MaxMessage)
        {
            return SaslFailure.MalformedRequest;
        }

        // The proof stands last and covers everything before it (§7).
        var proofAt = clientFinal.LastIndexOf(",p="u8);
        if (proofAt < 0)
        {
            return SaslFailure.MalformedRequest;
        }

        Span<byte> proof = stackalloc byte[3 * ScramHash.MaxSize];
        var rest = clientFinal[..proofAt];
        if (!ScramText.TryTake(ref rest, (byte)'c', out var binding) || !ScramText.TryComma(ref rest)
            || !ScramText.TryTake(ref rest, (byte)'r', out var nonce) || !ScramText.AreExtensions(rest)
            || clientFinal.Length - proofAt > 2 * proof.Length
            || !ScramText.TryBase64(clientFinal[(proofAt + 3)..], proof, out var proofSize)
            || ReadBinding(binding) is not { } bound)
        {
            return SaslFailure.MalformedRequest;
        }

        var proven = proofSize == _hash.Size && Proves(clientFinal[..proofAt], proof[.._hash.Size], _keys, out serverFinal);
        if (proven && bound && nonce.SequenceEqual(_nonce))
        {
            return null;
        }

        serverFinal = [];
        return SaslFailure.NotAuthorized;
    }

    SaslFailure? ReadBindingFlag(ref ReadOnlySpan<byte> rest)
    {
        if (rest is not [var flag, ..])
        {
            return SaslFailure.MalformedRequest;
        }

        if (flag == 'p')
        {
            // RFC 5802 §6: a binding is used with the mechanism's -PLUS variant and with nothing else.
            if (!ScramText.TryTake(ref rest, (byte)'p', out var type) || type.IsEmpty || !_plus)
            {
                return SaslFailure.MalformedRequest;
            }

            _channel = type.SequenceEqual("tls-server-end-point"u8) ? _offer.EndPoint
                : type.SequenceEqual("tls-unique"u8) && TlsUnique is not null ? TlsUnique()
                : default;
            return _channel.IsEmpty ? SaslFailure.NotAuthorized : null;
        }

        if (_plus || flag is not ((byte)'n' or (byte)'y'))
        {
            return SaslFailure.MalformedRequest;
        }

        rest = rest[1..];

        // §6: the client could have bound and was told that we cannot: somebody between us took the -PLUS mechanisms away.
        return flag == 'y' && _offer.AnnouncesPlus ? SaslFailure.NotAuthorized : null;
    }

    /// <summary>Whether <c>c=</c> repeats the first message's header and, with -PLUS, our channel; null when it is not base64.</summary>
    bool? ReadBinding(ReadOnlySpan<byte> text)
    {
        var rented = ArrayPool<byte>.Shared.Rent(Base64.GetMaxDecodedFromUtf8Length(text.Length));
        bool? bound = null;
        if (!text.IsEmpty && ScramText.TryBase64(text, rented, out var size))
        {
            var header = _clientFirst.AsSpan(0, _bareStart);
            ReadOnlySpan<byte> input = rented.AsSpan(0, size);
            bound = input.StartsWith(header)
                && CryptographicOperations.FixedTimeEquals(input[header.Length..], _channel.Span);
        }

        ArrayPool<byte>.Shared.Return(rented);
        return bound;
    }

    /// <summary>§3: the proof is the client's key under the signature that only knowledge of the stored key makes.</summary>
    bool Proves(ReadOnlySpan<byte> withoutProof, Span<byte> proof, ScramKeys keys, out byte[] serverFinal)
    {
        var bare = _clientFirst.AsSpan(_bareStart);
        var size = bare.Length + _serverFirst.Length + withoutProof.Length + 2;
        var rented = ArrayPool<byte>.Shared.Rent(size);
        bare.CopyTo(rented);
        rented[bare.Length] = (byte)',';
        _serverFirst.CopyTo(rented, bare.Length + 1);
        rented[bare.Length + 1 + _serverFirst.Length] = (byte)',';
        withoutProof.CopyTo(rented.AsSpan(size - withoutProof.Length));
        ReadOnlySpan<byte> message = rented.AsSpan(0, size);

        Span<byte> signature = stackalloc byte[ScramHash.MaxSize];
        signature = signature[.._hash.Size];
        _hash.Hmac(keys.StoredKey, message, signature);
        for (var i = 0; i < proof.Length; i++)
        {
            proof[i] ^= signature[i];
        }

        Span<byte> stored = stackalloc byte[ScramHash.MaxSize];
        stored = stored[.._hash.Size];
        _hash.Digest(proof, stored);
        _hash.Hmac(keys.ServerKey, message, signature);
        ArrayPool<byte>.Shared.Return(rented);

        serverFinal = new byte[2 + Base64.GetMaxEncodedToUtf8Length(_hash.Size)];
        "v="u8.CopyTo(serverFinal);
        Base64.EncodeToUtf8(signature, serverFinal.AsSpan(2), out _, out _);
        return CryptographicOperations.FixedTimeEquals(stored, keys.StoredKey);
    }

    static void WriteBase64(ArrayBufferWriter<byte> output, ReadOnlySpan<byte> data)
    {
        Base64.EncodeToUtf8(data, output.GetSpan(Base64.GetMaxEncodedToUtf8Length(data.Length)), out _, out var written);
        output.Advance(written);
    }
}
