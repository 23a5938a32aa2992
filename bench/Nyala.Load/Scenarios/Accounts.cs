using Nyala.Load.Measure;
using Nyala.Load.Wire;

namespace Nyala.Load.Scenarios;

/// <summary>Registers the accounts other scenarios use, in-band (XEP-0077 §3.1) or through HTTP. Existing ones are left as they are.</summary>
static class Accounts
{
    public static async Task RunAsync(Fleet fleet)
    {
        var options = fleet.Options;
        using var http = options.Http is { } address ? new HttpSignUp(address, options.Password) : null;
        var existed = 0;
        var meter = CpuMeter.Start(options);
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = options.Parallel, CancellationToken = fleet.Token };
        await Parallel.ForAsync(0, options.Users, parallel, async (i, token) =>
        {
            if (!await (http is null ? RegisterAsync(options, options.User(i), token) : http.RegisterAsync(options.User(i), token)))
            {
                Interlocked.Increment(ref existed);
            }
        });
        fleet.Measurements.Add("registered", options.Users - existed);
        fleet.Measurements.Add("existed", existed);
        var seconds = meter.Report(fleet.Measurements, "account", options.Users);
        fleet.Measurements.Add("accounts/s", options.Users / seconds);
    }

    /// <summary>Makes one account, in-band.</summary>
    /// <returns>False when it existed.</returns>
    public static async Task<bool> RegisterAsync(LoadOptions options, string user, CancellationToken token)
    {
        var (client, _) = await LeanClient.ConnectAsync(options, user, token);
        using (client)
        {
            client.Send($"<iq type='set' id='register' to='{options.Domain}'><query xmlns='jabber:iq:register'>"
                + $"<username>{user}</username><password>{options.Password}</password></query></iq>");
            try
            {
                await client.ResultAsync(token, "register");
                return true;
            }
            catch (LoadException e) when (e.Message.Contains("<conflict", StringComparison.Ordinal))
            {
                return false;
            }
            finally
            {
                client.Close();
            }
        }
    }
}
