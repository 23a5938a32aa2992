using Nyala.Storage;
using Nyala.Xmpp.Sasl;

namespace Nyala.Features.Registration;

/// <summary>Which passwords are accepted, wherever they are set.</summary>
public static class PasswordRules
{
    /// <summary>Characters at least.</summary>
    public const int Least = 8;

    /// <summary>Characters at most.</summary>
    public const int Most = 256;

    /// <summary>What is stored instead of a password; null when it cannot be one. Slow on purpose: tens of milliseconds.</summary>
    public static IReadOnlyList<Credential>? TryDerive(string password, int iterations) =>
        password.Length is >= Least and <= Most && !password.Any(char.IsControl) && ScramKeys.DeriveAll(password, iterations) is { } keys
            ? [.. keys.Select(key => new Credential(key.Hash.Mechanism, key.Serialize()))]
            : null;
}
