using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;

namespace Nyala.Load.Scenarios;

/// <summary>Makes accounts through Nyala's HTTP endpoint, with keys that the client derived (docs/registration.md). Safe from any thread.</summary>
sealed class HttpSignUp : IDisposable
{
    /// <summary>Key sets made beforehand: each is milliseconds of work on someone's telephone, not on the machine that is measured.</summary>
    const int KeySets = 32;

    const int Iterations = 10_000;

    readonly HttpClient _http;
    readonly object[] _keys;
    int _next;

    public HttpSignUp(Uri address, string password)
    {
        _http = new HttpClient { BaseAddress = address };
        _keys = [.. Enumerable.Range(0, KeySets).Select(_ => Derive(password))];
    }

    /// <summary>Makes one account.</summary>
    /// <returns>False when it existed.</returns>
    public async Task<bool> RegisterAsync(string username, CancellationToken token)
    {
        var keys = _keys[(uint)Interlocked.Increment(ref _next) % KeySets];
        using var response = await _http.PostAsJsonAsync("/register", new { username, keys }, token);
        return response.StatusCode switch
        {
            HttpStatusCode.Created => true,
            HttpStatusCode.Conflict => false,
            _ => throw new LoadException($"POST /register: {(int)response.StatusCode} {await response.Content.ReadAsStringAsync(token)}"),
        };
    }

    public void Dispose() => _http.Dispose();

    /// <summary>What a client makes of a password (RFC 5802 §3), for the two hashes the server asks for.</summary>
    static object Derive(string password) => new[] { ("SCRAM-SHA-256", HashAlgorithmName.SHA256, 32), ("SCRAM-SHA-512", HashAlgorithmName.SHA512, 64) }.Select(kind =>
    {
        var (mechanism, hash, size) = kind;
        var salt = RandomNumberGenerator.GetBytes(16);
        var salted = Rfc2898DeriveBytes.Pbkdf2(password, salt, Iterations, hash, size);
        var clientKey = CryptographicOperations.HmacData(hash, salted, "Client Key"u8);
        return new
        {
            mechanism,
            salt = Convert.ToBase64String(salt),
            iterations = Iterations,
            storedKey = Convert.ToBase64String(CryptographicOperations.HashData(hash, clientKey)),
            serverKey = Convert.ToBase64String(CryptographicOperations.HmacData(hash, salted, "Server Key"u8)),
        };
    }).ToArray();
}
