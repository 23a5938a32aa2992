using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using Nyala.Load.Measure;

namespace Nyala.Load.Scenarios;

/// <summary>
/// A town hears of the messenger: new accounts, as fast as they can be made, while others chat and must not notice. In-band, or
/// through Nyala's HTTP endpoint, to which each client sends keys that it derived itself.
/// </summary>
static class SignUp
{
    /// <summary>Key sets made beforehand: each is milliseconds of work on someone's telephone, not on the machine that is measured.</summary>
    const int KeySets = 32;

    const int Iterations = 10_000;

    public static async Task RunAsync(Fleet fleet)
    {
        var options = fleet.Options;
        using var others = await Talkers.StartAsync(fleet, first: 0);
        await fleet.WaitAsync(options.Warmup);
        others.MeasureQuiet();
        await fleet.WaitAsync(options.Seconds);

        using var http = new HttpClient { BaseAddress = options.Http };
        var keys = options.Http is null ? [] : Enumerable.Range(0, KeySets).Select(_ => DerivedKeys(options.Password)).ToArray();
        var run = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4));
        var (made, latencies) = (0, new Latencies());
        others.MeasureStorm();
        var meter = CpuMeter.Start(options);
        var start = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, options.Parallel).Select(async _ =>
        {
            while (Stopwatch.GetElapsedTime(start).TotalSeconds < options.Seconds)
            {
                var number = Interlocked.Increment(ref made);
                var began = Stopwatch.GetTimestamp();
                await (options.Http is null
                    ? Accounts.RegisterAsync(options, $"n{run}{number}", fleet.Token)
                    : PostAsync(http, $"n{run}{number}", keys[number % KeySets], fleet.Token));
                latencies.Add(Stopwatch.GetTimestamp() - began);
            }
        }));
        var seconds = meter.Report(fleet.Measurements, "account", made);
        await others.StopAsync();
        fleet.Measurements.Add("accounts/s", made / seconds);
        latencies.Report(fleet.Measurements, "account made after");
        others.Report();
    }

    static async Task PostAsync(HttpClient http, string username, object keys, CancellationToken token)
    {
        using var response = await http.PostAsJsonAsync("/register", new { username, keys }, token);
        if (response.StatusCode != HttpStatusCode.Created)
        {
            throw new LoadException($"POST /register: {(int)response.StatusCode} {await response.Content.ReadAsStringAsync(token)}");
        }
    }

    /// <summary>What a client makes of a password (RFC 5802 §3), for the two hashes the server asks for.</summary>
    static object DerivedKeys(string password) => new[] { ("SCRAM-SHA-256", HashAlgorithmName.SHA256, 32), ("SCRAM-SHA-512", HashAlgorithmName.SHA512, 64) }.Select(kind =>
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
