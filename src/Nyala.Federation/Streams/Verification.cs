namespace Nyala.Federation.Streams;

/// <summary>A key that another server is asked about, in the name of which somebody has come to us (XEP-0220 §2.3).</summary>
/// <param name="stream">The id of the stream it came on.</param>
/// <param name="key">The key.</param>
sealed class Verification(string stream, string key)
{
    readonly TaskCompletionSource<bool?> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public string Stream => stream;

    public string Key => key;

    /// <summary>Whether the key is good; null: that server could not be asked.</summary>
    public Task<bool?> Answered => _answer.Task;

    public void Answer(bool? valid) => _answer.TrySetResult(valid);
}
