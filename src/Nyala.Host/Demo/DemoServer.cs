using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Nyala.Host.Configuration;

namespace Nyala.Host.Demo;

/// <summary>
/// The demo's server, a process of its own so that it can be killed. Through its standard input it learns which page may frame
/// the web app, and that its parent is gone.
/// </summary>
sealed class DemoServer : IDisposable
{
    /// <summary>The option by which it is started; without a parent that then speaks it ends at once.</summary>
    public const string Option = "--demo-server";

    static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);
    readonly Process _process;
    readonly Queue<string> _said = [];

    DemoServer(Process process, int port)
    {
        _process = process;
        Port = port;
        Ended = EndAsync();
        foreach (var output in (StreamReader[])[process.StandardOutput, process.StandardError])
        {
            _ = ListenAsync(output);
        }
    }

    public int Port { get; }

    /// <summary>Completes when the process is gone, however it went.</summary>
    public Task Ended { get; }

    /// <summary>What a server started with <see cref="Option"/> does first.</summary>
    /// <param name="options">Its configuration.</param>
    /// <param name="input">Where its parent speaks.</param>
    /// <returns>The configuration with the page that may frame it.</returns>
    /// <exception cref="StartException">There is no such parent, or others could reach it.</exception>
    public static async Task<NyalaOptions> AcceptAsync(NyalaOptions options, TextReader input)
    {
        if (!Console.IsInputRedirected || await input.ReadLineAsync() is not { } page
            || !Uri.TryCreate(page, UriKind.Absolute, out var address) || !address.IsLoopback || address.GetLeftPart(UriPartial.Authority) != page)
        {
            throw new StartException($"{Option} is what 'nyala run --demo' starts its server with, and for nothing else.");
        }

        return Listeners.All(options).SelectMany(kind => kind.Endpoints).FirstOrDefault(endpoint => !IPAddress.IsLoopback(endpoint.Address)) is { } open
            ? throw new StartException($"The demo is for this machine only, and {open} is not: it listens on loopback addresses or not at all.")
            : options with { FramedBy = page };
    }

    /// <summary>Completes when the parent has ended: the system closes what it spoke through, however it ended.</summary>
    public static async Task<string> ParentGoneAsync(TextReader input)
    {
        while (await input.ReadLineAsync() is not null)
        {
        }

        return "the end of the demo";
    }

    /// <summary>Starts it on the data; settles when it serves.</summary>
    /// <param name="data">The data directory, with the configuration in it.</param>
    /// <param name="page">The origin of the page that shows it.</param>
    /// <param name="time">The clock.</param>
    /// <exception cref="StartException">It ended instead.</exception>
    public static async Task<DemoServer> StartAsync(string data, string page, TimeProvider time)
    {
        var port = FreePort();
        var self = Environment.ProcessPath!;

        // Run by 'dotnet nyala.dll', the program is the first argument.
        string[] program = Path.GetFileNameWithoutExtension(self) == "dotnet" ? [Environment.GetCommandLineArgs()[0]] : [];
        var start = new ProcessStartInfo(self, [.. program, "run", "--quiet", Option, "--data", data, "--set", $"Listen:Http=127.0.0.1:{port}"])
        {
            WorkingDirectory = data,
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("NYALA__", StringComparison.OrdinalIgnoreCase)).ToArray())
        {
            start.Environment.Remove(name);
        }

        var server = new DemoServer(Process.Start(start)!, port);
        try
        {
            await server._process.StandardInput.WriteLineAsync(page);
            await server._process.StandardInput.FlushAsync();
            await server.ServesAsync(time);
            return server;
        }
        catch (Exception e)
        {
            server.Kill();
            server.Dispose();
            throw e is IOException ? new StartException($"The demo's server ended: {server.Said()}", e) : e;
        }
    }

    /// <summary>SIGKILL: it can do nothing about it.</summary>
    public void Kill()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }
    }

    public void Dispose() => _process.Dispose();

    /// <summary>A port that nothing listens on now.</summary>
    static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    async Task ServesAsync(TimeProvider time)
    {
        while (true)
        {
            try
            {
                using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                await socket.ConnectAsync(IPAddress.Loopback, Port);
                return;
            }
            catch (SocketException)
            {
                if (Ended.IsCompleted)
                {
                    throw new StartException($"The demo's server ended: {Said()}");
                }

                await Task.Delay(Pause, time);
            }
        }
    }

    async Task EndAsync() => await _process.WaitForExitAsync();

    /// <summary>Reads what it says, so that it never waits; the last of it is kept to tell why it ended.</summary>
    async Task ListenAsync(StreamReader output)
    {
        const int Kept = 5;
        while (await output.ReadLineAsync() is { } line)
        {
            lock (_said)
            {
                _said.Enqueue(line);
                if (_said.Count > Kept)
                {
                    _said.Dequeue();
                }
            }
        }
    }

    string Said()
    {
        lock (_said)
        {
            return string.Join(" ", _said);
        }
    }
}
