namespace Nyala.Xmpp.Sasl;

/// <summary>The conditions of a failed authentication (RFC 6120 §6.5).</summary>
public enum SaslFailure
{
    Aborted,
    AccountDisabled,
    CredentialsExpired,
    EncryptionRequired,

    /// <summary>The base64 is wrong; what it encodes is <see cref="MalformedRequest"/>'s matter.</summary>
    IncorrectEncoding,
    InvalidAuthzid,
    InvalidMechanism,
    MalformedRequest,
    MechanismTooWeak,
    NotAuthorized,
    TemporaryAuthFailure,
}

/// <summary>The names of <see cref="SaslFailure"/> on the wire.</summary>
public static class SaslFailures
{
    /// <summary>The condition's element name.</summary>
    public static string Condition(this SaslFailure failure) => failure switch
    {
        SaslFailure.Aborted => "aborted",
        SaslFailure.AccountDisabled => "account-disabled",
        SaslFailure.CredentialsExpired => "credentials-expired",
        SaslFailure.EncryptionRequired => "encryption-required",
        SaslFailure.IncorrectEncoding => "incorrect-encoding",
        SaslFailure.InvalidAuthzid => "invalid-authzid",
        SaslFailure.InvalidMechanism => "invalid-mechanism",
        SaslFailure.MalformedRequest => "malformed-request",
        SaslFailure.MechanismTooWeak => "mechanism-too-weak",
        SaslFailure.TemporaryAuthFailure => "temporary-auth-failure",
        _ => "not-authorized",
    };
}
