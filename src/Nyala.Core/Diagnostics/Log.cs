using System.Net;
using Microsoft.Extensions.Logging;
using Nyala.Core.Connections;

namespace Nyala.Core.Diagnostics;

/// <summary>
/// Every message of the server's log. Never a message body, a password or a token. Numbers: 1000 connections,
/// 1100 negotiation, 1200 sessions, 1300 routing, 1400 features, 1500 storage, 1600 host.
/// </summary>
public static partial class Log
{
    [LoggerMessage(1000, LogLevel.Debug, "Connection {Connection} from {Remote} opened")]
    public static partial void ConnectionOpened(this ILogger logger, long connection, IPEndPoint? remote);

    [LoggerMessage(1001, LogLevel.Debug, "Connection {Connection} from {Remote} ended: {Reason}")]
    public static partial void ConnectionEnded(this ILogger logger, long connection, IPEndPoint? remote, EndReason reason);

    [LoggerMessage(1002, LogLevel.Information, "Connection {Connection} from {Remote} refused: {Reason}")]
    public static partial void ConnectionRefused(this ILogger logger, long connection, IPEndPoint? remote, EndReason reason);

    [LoggerMessage(1003, LogLevel.Debug, "TLS with connection {Connection} from {Remote} failed: {Problem}")]
    public static partial void TlsFailed(this ILogger logger, long connection, IPEndPoint? remote, string problem);

    [LoggerMessage(1004, LogLevel.Error, "Connection {Connection} ends because of an error in the server")]
    public static partial void ConnectionFailed(this ILogger logger, long connection, Exception exception);

    [LoggerMessage(1005, LogLevel.Debug, "Connection {Connection} is told the stream error {Condition}")]
    public static partial void StreamError(this ILogger logger, long connection, string condition);

    [LoggerMessage(1006, LogLevel.Error, "A timer's target failed")]
    public static partial void TimerFailed(this ILogger logger, Exception exception);

    [LoggerMessage(1007, LogLevel.Information, "{Connections} connections are ended for the shutdown")]
    public static partial void Draining(this ILogger logger, int connections);

    [LoggerMessage(1008, LogLevel.Warning, "{Connections} connections did not end in time and were cut")]
    public static partial void DrainedByForce(this ILogger logger, int connections);

    [LoggerMessage(1009, LogLevel.Error, "No connection can be accepted at the moment: {Problem}")]
    public static partial void AcceptFailed(this ILogger logger, string problem);

    [LoggerMessage(1100, LogLevel.Information, "{Account} logged in with {Mechanism} on connection {Connection} from {Remote}")]
    public static partial void LoggedIn(this ILogger logger, string account, string mechanism, long connection, IPEndPoint? remote);

    [LoggerMessage(1101, LogLevel.Information, "Login of {Account} was refused with {Condition} on connection {Connection} from {Remote}")]
    public static partial void LoginRefused(this ILogger logger, string? account, string condition, long connection, IPEndPoint? remote);

    [LoggerMessage(1102, LogLevel.Error, "Login on connection {Connection} from {Remote} failed in the store: {Problem}")]
    public static partial void LoginFailed(this ILogger logger, long connection, IPEndPoint? remote, string problem);

    [LoggerMessage(1200, LogLevel.Error, "Reading the log for {Session} failed, the rest is delivered at its next sign of life: {Problem}")]
    public static partial void CatchUpFailed(this ILogger logger, string session, string problem);

    [LoggerMessage(1300, LogLevel.Error, "The handler of {What} failed; the client was told internal-server-error")]
    public static partial void HandlerFailed(this ILogger logger, string what, Exception exception);

    [LoggerMessage(1400, LogLevel.Information, "Account {Account} created by {By} from {Remote}")]
    public static partial void AccountRegistered(this ILogger logger, string account, string by, IPAddress? remote);

    [LoggerMessage(1401, LogLevel.Information, "Password of {Account} changed by its owner")]
    public static partial void OwnPasswordChanged(this ILogger logger, string account);

    [LoggerMessage(1402, LogLevel.Information, "Account {Account} removed by its owner")]
    public static partial void OwnAccountRemoved(this ILogger logger, string account);
}
