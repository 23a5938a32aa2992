using System.CommandLine;
using System.Globalization;
using System.Text;
using Nyala.Host.Administration;
using Nyala.Host.Configuration;
using Nyala.Host.Output;

namespace Nyala.Host.Commands;

/// <summary><c>nyala turn …</c>: the relay for calls.</summary>
static class TurnCommands
{
    /// <summary>Where a relay must never send anything for strangers: its own machine and networks.</summary>
    static readonly string[] Denied =
    [
        "0.0.0.0-0.255.255.255", "10.0.0.0-10.255.255.255", "100.64.0.0-100.127.255.255", "127.0.0.0-127.255.255.255", "169.254.0.0-169.254.255.255",
        "172.16.0.0-172.31.255.255", "192.0.0.0-192.0.0.255", "192.168.0.0-192.168.255.255", "198.18.0.0-198.19.255.255", "240.0.0.0-255.255.255.255",
        "::1", "::ffff:0.0.0.0-::ffff:255.255.255.255", "64:ff9b::-64:ff9b::ffff:ffff", "fc00::-fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
        "fe80::-febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    ];

    public static Command Create(Terminal terminal) => new("turn", "The relay for calls (coturn)") { Config(terminal) };

    static Command Config(Terminal terminal)
    {
        var command = new Command("config", "Prints a configuration for coturn that fits this server; it contains the shared secret");
        command.SetAction(async (arguments, _) =>
        {
            var options = GlobalOptions.ReadConfiguration(arguments);
            await using var access = await AdministrationAccess.OpenAsync(options);
            terminal.Line(Write(options, await access.Administration.TurnSecretAsync()));
        });
        return command;
    }

    /// <summary>For Debian's coturn 4.6: /etc/turnserver.conf.</summary>
    static string Write(NyalaOptions options, string secret)
    {
        var turn = options.Server.Turn;
        var text = new StringBuilder();
        void Line(string line) => text.Append(line).Append('\n');
        Line("# /etc/turnserver.conf, made by 'nyala turn config'. It contains a secret: chmod 640, chown root:turnserver.");
        if (turn.Host.Length == 0)
        {
            Line("# Clients are not told of the relay yet: set Turn:Host to the name or address of this machine.");
        }

        Line(string.Create(CultureInfo.InvariantCulture, $"listening-port={turn.Port}"));
        if (turn.TlsPort != 0)
        {
            Line(string.Create(CultureInfo.InvariantCulture, $"tls-listening-port={turn.TlsPort}"));
            Line($"cert={options.CertificateFile ?? "/etc/ssl/certs/turn.pem"}");
            Line($"pkey={options.KeyFile ?? "/etc/ssl/private/turn.key"}");
            Line("no-tlsv1");
            Line("no-tlsv1_1");
        }
        else
        {
            Line("no-tls");
        }

        Line("no-dtls");
        Line("# Behind NAT: external-ip=PUBLIC/PRIVATE");
        Line("min-port=49152");
        Line("max-port=65535");
        Line("fingerprint");
        Line("use-auth-secret");
        Line($"static-auth-secret={secret}");
        Line($"realm={options.Server.Domain}");
        Line("stale-nonce=600");
        Line("user-quota=12");
        Line("total-quota=1200");
        Line("no-cli");
        Line("no-multicast-peers");
        foreach (var range in Denied)
        {
            Line("denied-peer-ip=" + range);
        }

        Line("syslog");
        return text.ToString().TrimEnd('\n');
    }
}
