using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Nyala.Testing;

namespace Nyala.Drills.Stage;

/// <summary>The real server as a process of its own, on loopback, with its data in a temporary directory.</summary>
sealed partial class ServerProcess(string binary, string data) : IDisposable
{
    const int Kill = 9;
    const int Term = 15;

    readonly Dictionary<string, string> _environment = [];
    readonly string _log = data + ".log";
    Process? _process;

    public int Port { get; } = LoopbackPort.Find();

    public int TlsPort { get; } = LoopbackPort.Find();

    public int HttpPort { get; } = LoopbackPort.Find();

    /// <summary>The data directory.</summary>
    public string Data { get; } = data;

    /// <summary>What the server logged, all starts together.</summary>
    public string LogFile => _log;

    /// <summary>Sets a variable of the server's environment from the next start on.</summary>
    public void Set(string name, string value) => _environment[name] = value;

    /// <summary>Starts it and waits until it accepts connections.</summary>
    /// <returns>How long that took.</returns>
    /// <exception cref="DrillException">It does not start within 30 s.</exception>
    public async Task<TimeSpan> StartAsync()
    {
        var start = new ProcessStartInfo("/bin/sh") { UseShellExecute = false };
        start.ArgumentList.Add("-c");

        // exec: the signals must reach the server, not a shell around it.
        start.ArgumentList.Add("exec \"$0\" \"$@\" >> \"$DRILL_LOG\" 2>&1");
        foreach (var argument in Arguments())
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment["DRILL_LOG"] = _log;
        foreach (var (name, value) in _environment)
        {
            start.Environment[name] = value;
        }

        var began = Stopwatch.GetTimestamp();
        _process = Process.Start(start) ?? throw new DrillException("The server did not start.");
        while (Stopwatch.GetElapsedTime(began).TotalSeconds < 30)
        {
            if (_process.HasExited)
            {
                throw new DrillException($"The server ended with code {_process.ExitCode} while starting: {Tail()}");
            }

            if (await AcceptsAsync())
            {
                return Stopwatch.GetElapsedTime(began);
            }

            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
        }

        throw new DrillException("The server did not listen within 30 s: " + Tail());
    }

    /// <summary>kill -9.</summary>
    public async Task KillAsync()
    {
        Signal(Kill);
        await _process!.WaitForExitAsync();
    }

    /// <summary>SIGTERM.</summary>
    /// <returns>The exit code and the time it took; null when it was not over in 15 s.</returns>
    public async Task<(int Code, TimeSpan Took)?> TerminateAsync()
    {
        var began = Stopwatch.GetTimestamp();
        Signal(Term);
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(15), TimeProvider.System);
        try
        {
            await _process!.WaitForExitAsync(limit.Token);
            return (_process.ExitCode, Stopwatch.GetElapsedTime(began));
        }
        catch (OperationCanceledException)
        {
            await KillAsync();
            return null;
        }
    }

    public void Dispose()
    {
        if (_process is { HasExited: false })
        {
            Signal(Kill);
        }

        _process?.Dispose();
    }

    /// <summary>The end of the log.</summary>
    public string Tail() => File.Exists(_log) ? string.Join('\n', File.ReadLines(_log).TakeLast(12)) : "";

    IEnumerable<string> Arguments() =>
    [
        binary, "run", "--quiet", "--data", Data, "--domain", Cast.Domain,
        "--set", "Registration=open",
        "--set", $"Listen:Xmpp=127.0.0.1:{Port}",
        "--set", $"Listen:XmppTls=127.0.0.1:{TlsPort}",
        "--set", $"Listen:Http=127.0.0.1:{HttpPort}",
        "--set", $"Listen:Https=127.0.0.1:{LoopbackPort.Find()}",
        "--set", "Tls:Required=false",
        "--set", "Limits:RateLimits=off",
    ];

    async Task<bool> AcceptsAsync()
    {
        try
        {
            foreach (var port in (int[])[Port, TlsPort, HttpPort])
            {
                using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
                await socket.ConnectAsync(IPAddress.Loopback, port);
            }

            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    void Signal(int signal)
    {
        if (_process is { HasExited: false } process)
        {
            _ = SendSignal(process.Id, signal);
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int SendSignal(int process, int signal);
}
