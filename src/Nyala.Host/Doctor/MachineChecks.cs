using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Nyala.Host.Administration;
using Nyala.Host.Configuration;
using Nyala.Host.Output;

namespace Nyala.Host.Doctor;

/// <summary>The machine: ports, disk, clock, and what the system allows.</summary>
static class MachineChecks
{
    const long LeastDisk = 512L * 1_024 * 1_024;
    const int LeastFiles = 4_096;

    /// <param name="running">What the running server listens on, or null when none runs.</param>
    public static IEnumerable<Finding> Ports(NyalaOptions options, ServerStatus? running)
    {
        foreach (var (what, setting, endpoints) in Listeners.All(options))
        {
            foreach (var endpoint in endpoints)
            {
                yield return Port($"Port {endpoint.Port}", what, setting, endpoint, running);
            }
        }
    }

    public static Finding Disk(NyalaOptions options)
    {
        const string Name = "Disk space";
        var place = options.Data;
        while (!Directory.Exists(place))
        {
            place = Path.GetDirectoryName(place)!;
        }

        var free = new DriveInfo(place).AvailableFreeSpace;
        return free >= LeastDisk
            ? Finding.Ok(Name, $"{Sizes.Show(free)} free for {options.Data}")
            : Finding.Problem(Name, $"only {Sizes.Show(free)} free for {options.Data}", "Make room: when the disk is full, messages are refused.");
    }

    public static Finding Clock(NyalaOptions options, TimeProvider time)
    {
        const string Name = "Clock";
        var now = time.GetUtcNow();
        var newest = Directory.Exists(options.Data)
            ? Directory.EnumerateFiles(options.Data).Select(file => new DateTimeOffset(File.GetLastWriteTimeUtc(file), TimeSpan.Zero)).DefaultIfEmpty(now).Max()
            : now;
        if (newest - now > TimeSpan.FromMinutes(2))
        {
            return Finding.Problem(
                Name, $"it is behind the newest file in the data directory by {(newest - now).ToString(@"d\.hh\:mm\:ss", CultureInfo.InvariantCulture)}",
                "Set the clock, best by NTP: times of messages come from it.");
        }

        return Synchronised() switch
        {
            false => Finding.Problem(Name, "it is not synchronised", "Switch NTP on: timedatectl set-ntp true."),
            true => Finding.Ok(Name, "synchronised"),
            null => Finding.Ok(Name, "plausible; whether it is synchronised cannot be asked here"),
        };
    }

    public static Finding Files()
    {
        const string Name = "Open files";
        const string Limits = "/proc/self/limits";
        var line = File.Exists(Limits) ? File.ReadLines(Limits).FirstOrDefault(line => line.StartsWith("Max open files", StringComparison.Ordinal)) : null;

        // .NET raises the soft limit to the hard one by itself, which is the fifth word.
        var hard = line?.Split(' ', StringSplitOptions.RemoveEmptyEntries)[4];
        if (!int.TryParse(hard, NumberStyles.None, CultureInfo.InvariantCulture, out var files))
        {
            return Finding.Ok(Name, "no limit known");
        }

        return files >= LeastFiles
            ? Finding.Ok(Name, $"up to {files.ToString(CultureInfo.InvariantCulture)}, one per connection")
            : Finding.Problem(Name, $"only {files.ToString(CultureInfo.InvariantCulture)} are allowed, and each connection needs one", "Raise the limit: systemd LimitNOFILE=65536, or ulimit -n.");
    }

    static Finding Port(string name, string what, Setting setting, IPEndPoint endpoint, ServerStatus? running)
    {
        if (running?.Listening.Any(listener => listener.Port == endpoint.Port && listener.Address == endpoint.Address.ToString()) == true)
        {
            return Finding.Ok(name, $"{what}, open");
        }

        try
        {
            using var probe = new Socket(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            probe.Bind(endpoint);
            probe.Listen(1);
            return running is null
                ? Finding.Ok(name, $"{what}, free")
                : Finding.Problem(name, $"{what}: the running server does not listen here", "Restart it when its configuration is older; when it was started with --set or --config, give the doctor the same.");
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            var owner = PortOwner.Find(endpoint.Port) ?? "another program";
            return Finding.Problem(name, $"{what}: {owner} uses {endpoint}", $"Stop that program, or set {setting.Key} to another port or off.");
        }
        catch (SocketException e)
        {
            return Finding.Problem(name, $"{what}: {endpoint} cannot be opened: {e.Message}", $"Set {setting.Key} to an address and port this user may open.");
        }
    }

    /// <summary>What systemd knows about the clock; null when it cannot be asked.</summary>
    static bool? Synchronised()
    {
        try
        {
            using var asked = Process.Start(new ProcessStartInfo("timedatectl", "show -p NTPSynchronized --value")
            {
                UseShellExecute = false,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            });
            var answer = asked!.StandardOutput.ReadToEnd().Trim();
            asked.WaitForExit();
            return answer switch { "yes" => true, "no" => false, _ => null };
        }
        catch (Win32Exception)
        {
            return null;
        }
    }
}
