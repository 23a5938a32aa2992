using System.Security.Cryptography;
using Nyala.Storage;
using Nyala.Xmpp.Sasl;

namespace Nyala.Host.Administration;

/// <summary>Which passwords are accepted, and good ones made.</summary>
static class Passwords
{
    public const int Least = 8;
    public const int Most = 256;

    // Without letters and digits that are mistaken for each other when read aloud or copied by hand.
    const string Alphabet = "abcdefghjkmnpqrstuvwxyz23456789";

    /// <summary>What is stored instead of a password; null when it cannot be one. Slow on purpose.</summary>
    public static IReadOnlyList<Credential>? TryDerive(string password, int iterations) =>
        password.Length is >= Least and <= Most && !password.Any(char.IsControl) && ScramKeys.DeriveAll(password, iterations) is { } keys
            ? [.. keys.Select(key => new Credential(key.Hash.Mechanism, key.Serialize()))]
            : null;

    /// <summary>Four groups of four: 79 bits.</summary>
    public static string Generate() =>
        string.Join('-', Enumerable.Range(0, 4).Select(_ => RandomNumberGenerator.GetString(Alphabet, 4)));
}
