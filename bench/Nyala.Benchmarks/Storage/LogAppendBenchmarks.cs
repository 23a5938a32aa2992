using System.Globalization;
using BenchmarkDotNet.Attributes;
using Microsoft.Extensions.Logging.Abstractions;
using Nyala.Storage;
using Nyala.Storage.Sqlite;

namespace Nyala.Benchmarks.Storage;

/// <summary>
/// What a durable message costs from Append to Complete, in batches as an idle, a busy and a full log makes them. The disk's
/// sync is included: look at batch 200 for the cost of a row and at batch 1 for that of a commit.
/// </summary>
[MemoryDiagnoser]
public class LogAppendBenchmarks
{
    const int Accounts = 1000;

    readonly string _directory = Path.Combine(Path.GetTempPath(), "nyala-bench-" + Guid.NewGuid().ToString("N"));
    readonly byte[] _stanza = new byte[400];
    readonly Random _random = new(1);
    readonly ManualResetEventSlim _gate = new();
    SqliteStore _store = null!;
    uint _handled;

    [Params(1, 10, 200)]
    public int Batch { get; set; }

    [GlobalSetup]
    public async Task OpenAsync() => _store = await SqliteStore.OpenAsync(_directory, TimeProvider.System, NullLogger.Instance);

    [GlobalCleanup]
    public async Task CloseAsync()
    {
        await _store.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    [Benchmark]
    public Task AppendAsync()
    {
        // Held at a gate until all are queued, so that they become one batch.
        _gate.Reset();
        _store.Log.Append(new Gate(_gate));
        for (var i = 0; i < Batch; i++)
        {
            var (sender, recipient) = (_random.Next(1, Accounts), _random.Next(1, Accounts));
            _store.Log.Append(new Nothing
            {
                Kind = LogKind.Message,
                Sender = sender,
                Recipient = recipient,
                From = Address(sender) + "/phone",
                To = Address(recipient),
                Flags = RowFlags.InSenderArchive | RowFlags.InRecipientArchive | RowFlags.Deliver,
                Stanza = _stanza,
                Stream = sender,
                Handled = ++_handled,
                Fingerprint = new UInt128((ulong)_random.NextInt64(), _handled),
            });
        }

        _gate.Set();
        return _store.Log.FlushAsync();
    }

    static string Address(int account) => string.Create(CultureInfo.InvariantCulture, $"user{account}@nyala.example");

    sealed class Nothing : LogEntry
    {
        public override void Complete()
        {
        }
    }

    sealed class Gate(ManualResetEventSlim open) : LogEntry
    {
        public override void Complete() => open.Wait();
    }
}
