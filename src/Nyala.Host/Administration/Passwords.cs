using System.Security.Cryptography;

namespace Nyala.Host.Administration;

/// <summary>Makes passwords that can be read aloud.</summary>
static class Passwords
{
    // Without letters and digits that are mistaken for each other when read aloud or copied by hand.
    const string Alphabet = "abcdefghjkmnpqrstuvwxyz23456789";

    /// <summary>Four groups of four: 79 bits.</summary>
    public static string Generate() =>
        string.Join('-', Enumerable.Range(0, 4).Select(_ => RandomNumberGenerator.GetString(Alphabet, 4)));
}
