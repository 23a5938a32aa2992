using System.Net.Security;

namespace Nyala.Core.Connections;

/// <summary>The certificate in force; may change while the server runs.</summary>
public interface ICertificates
{
    /// <summary>What a new handshake uses, with its channel binding data (RFC 5929 §4). Cheap: called per handshake.</summary>
    (SslStreamCertificateContext Context, byte[] ServerEndPoint) Current { get; }
}
