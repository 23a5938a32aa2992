using System.Text;
using Nyala.Xmpp.Sasl;
using Nyala.Xmpp.Xml;

namespace Nyala.Client.Login;

/// <summary>The messages of one authentication, whichever SASL profile carries them.</summary>
abstract class Authentication(string mechanism)
{
    public string Mechanism { get; } = mechanism;

    /// <summary>What is sent with the mechanism's name.</summary>
    public abstract byte[] First();

    /// <summary>The answer to a challenge.</summary>
    /// <exception cref="XmppException">The server's challenge is not right.</exception>
    public virtual byte[] Respond(byte[] challenge) => throw new XmppException("malformed-request", Mechanism + " has no challenges.");

    /// <summary>Checks what came with the success, where the mechanism proves the server too.</summary>
    /// <exception cref="XmppException">The server did not prove that it knows the account.</exception>
    public virtual void Finish(byte[] additional)
    {
    }

    /// <summary>Picks the strongest mechanism that both sides know.</summary>
    /// <param name="options">Whose account, and whether a mechanism is prescribed.</param>
    /// <param name="offered">What the server announced.</param>
    /// <param name="bindings">The channel bindings it announced (XEP-0440).</param>
    /// <param name="endPoint">What to bind to, where there is TLS.</param>
    /// <param name="secure">Whether a password may be sent in clear.</param>
    /// <param name="keys">Derived keys of an earlier login, kept for the next.</param>
    /// <exception cref="XmppException">There is none.</exception>
    public static Authentication Choose(ClientOptions options, IReadOnlyList<string> offered, IReadOnlyList<string> bindings, ReadOnlyMemory<byte>? endPoint, bool secure, LoginMemory keys)
    {
        // A server that offers -PLUS without XEP-0440 most likely means tls-unique, which is no use here.
        var canBind = endPoint is not null && bindings.Contains(ChannelBinding.EndPoint, StringComparer.Ordinal);
        var mechanism = options.Mechanism is { } wanted
            ? offered.FirstOrDefault(name => name == wanted)
            : Mechanisms.ByStrength.FirstOrDefault(name => offered.Contains(name, StringComparer.Ordinal)
                && (canBind || !Mechanisms.BindsChannel(name)) && (secure || name != Mechanisms.Plain));
        return mechanism switch
        {
            null => throw new XmppException("invalid-mechanism", "No mechanism in common: the server offers " + string.Join(", ", offered)),
            Mechanisms.Plain => new PlainAuthentication(options),
            _ when Mechanisms.Scram(mechanism) is { } hash => new ScramAuthentication(mechanism, Scram(options, hash, mechanism, offered, bindings, endPoint), keys),
            _ => throw new XmppException("invalid-mechanism", mechanism + " is not implemented."),
        };
    }

    static ScramClient Scram(ClientOptions options, ScramHash hash, string mechanism, IReadOnlyList<string> offered, IReadOnlyList<string> bindings, ReadOnlyMemory<byte>? endPoint)
    {
        var plus = Mechanisms.BindsChannel(mechanism);
        var announcesPlus = offered.Any(Mechanisms.BindsChannel);
        return new ScramClient(hash, options.Account.Local ?? "", options.Password)
        {
            Binding = plus ? ScramBinding.EndPoint : endPoint is not null && !announcesPlus ? ScramBinding.NotAnnounced : ScramBinding.Unsupported,
            BindingData = plus ? endPoint!.Value : default,
            AnnouncedMechanisms = offered,
            AnnouncedBindings = bindings,
        };
    }
}

/// <summary>What a client keeps from one login to the next.</summary>
sealed class LoginMemory
{
    /// <summary>SCRAM's derived keys.</summary>
    public ScramClientKeys? Keys { get; set; }

    /// <summary>The FAST token (XEP-0484) with the mechanism it is for.</summary>
    public (string Mechanism, string Token)? Token { get; set; }
}

sealed class PlainAuthentication(ClientOptions options) : Authentication(Mechanisms.Plain)
{
    public override byte[] First() => Plain.Message(options.Account.Local ?? "", options.Password);
}

sealed class ScramAuthentication(string mechanism, ScramClient scram, LoginMemory memory) : Authentication(mechanism)
{
    public override byte[] First()
    {
        scram.Keys = memory.Keys;
        return scram.First();
    }

    public override byte[] Respond(byte[] challenge)
    {
        if (!scram.TryRespond(challenge, out var answer))
        {
            throw new XmppException("not-authorized", scram.Problem ?? "The challenge was refused.");
        }

        memory.Keys = scram.Keys;
        return answer;
    }

    public override void Finish(byte[] additional)
    {
        if (!scram.TryFinish(additional))
        {
            throw new XmppException("not-authorized", scram.Problem ?? "The server's proof was refused.");
        }
    }
}

sealed class TokenAuthentication(string mechanism, string token, string userName, ReadOnlyMemory<byte>? endPoint) : Authentication(mechanism)
{
    readonly ReadOnlyMemory<byte> _binding = mechanism == Mechanisms.HtEndPoint && endPoint is { } data ? data : default;

    public override byte[] First() => HashedToken.Message(userName, Encoding.UTF8.GetBytes(token), _binding.Span);

    public override void Finish(byte[] additional)
    {
        if (!HashedToken.VerifyResponse(additional, Encoding.UTF8.GetBytes(token), _binding.Span))
        {
            throw new XmppException("not-authorized", "The server did not prove that it knows the token.");
        }
    }
}

/// <summary>SASL's data in XML.</summary>
static class SaslText
{
    public static Element Carry(this Element element, byte[] data) => element.AddText(SaslData.Encode(data));

    /// <exception cref="XmppException">It is not base64.</exception>
    public static byte[] Data(this Element? element) => element is null
        ? []
        : SaslData.TryDecode(element.Text, out var data) ? data : throw new XmppException("incorrect-encoding", $"{element.Name} is not base64.");
}
