using System.Runtime.InteropServices;

namespace Nyala.Host.Commands;

/// <summary>SIGTERM and SIGINT as something to wait for. Whoever sends a second one does not want to wait.</summary>
sealed class StopSignals : IDisposable
{
    readonly TaskCompletionSource<string> _received = new(TaskCreationOptions.RunContinuationsAsynchronously);
    readonly PosixSignalRegistration[] _registrations;

    /// <param name="more">Signals that mean the same beside those two.</param>
    public StopSignals(params PosixSignal[] more) =>
        _registrations = [.. more.Append(PosixSignal.SIGTERM).Append(PosixSignal.SIGINT).Select(signal => PosixSignalRegistration.Create(signal, OnSignal))];

    /// <summary>Completes with the name of the first one.</summary>
    public Task<string> Received => _received.Task;

    public void Dispose() => Array.ForEach(_registrations, registration => registration.Dispose());

    void OnSignal(PosixSignalContext context)
    {
        context.Cancel = true;
        if (!_received.TrySetResult(context.Signal.ToString()))
        {
            Environment.Exit(CommandLine.Failure);
        }
    }
}
