using System.Text;

namespace Nyala.Storage.Tests;

/// <summary>A log entry that says when it is completed.</summary>
public sealed class Entry : LogEntry
{
    readonly TaskCompletionSource _completed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task Completed => _completed.Task;

    /// <summary>Runs first when the entry completes, on the log's thread.</summary>
    public Action<Entry>? OnComplete { get; init; }

    public static Entry Message(long sender, long recipient, string body = "hello") => new()
    {
        Kind = LogKind.Message,
        Sender = sender,
        Recipient = recipient,
        From = $"u{sender}@nyala.example/phone",
        To = $"u{recipient}@nyala.example",
        Flags = RowFlags.InSenderArchive | RowFlags.InRecipientArchive | RowFlags.Deliver,
        Stanza = Encoding.UTF8.GetBytes($"<message><body>{body}</body></message>"),
    };

    public static Entry OfStream(long account, long stream, uint handled) => new()
    {
        Kind = LogKind.Handled,
        Sender = account,
        Stream = stream,
        Handled = handled,
    };

    public override void Complete()
    {
        try
        {
            OnComplete?.Invoke(this);
        }
        finally
        {
            _completed.TrySetResult();
        }
    }
}
