using System.Net;
using Microsoft.Extensions.Logging;
using Nyala.Core.Connections;

namespace Nyala.Core.Diagnostics;

/// <summary>
/// Every message of the server's log. Never a message body, a password or a token. Numbers: 1000 connections,
/// 1100 negotiation, 1200 sessions, 1300 routing, 1400 features, 1500 storage, 1600 host, 1700 federation.
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

    [LoggerMessage(1103, LogLevel.Information, "A guest came in on connection {Connection} from {Remote}")]
    public static partial void GuestAdmitted(this ILogger logger, long connection, IPEndPoint? remote);

    [LoggerMessage(1200, LogLevel.Error, "Reading the log for {Session} failed, tried again in {Seconds} s at the latest: {Problem}")]
    public static partial void CatchUpFailed(this ILogger logger, string session, double seconds, string problem);

    [LoggerMessage(1201, LogLevel.Error, "Row {Position} of the log cannot be read and {Session} does not get it, run nyala doctor: {Problem}")]
    public static partial void RowUnreadable(this ILogger logger, long position, string session, string problem);

    [LoggerMessage(1310, LogLevel.Error, "Work that nobody waits for failed: {What}")]
    public static partial void BackgroundFailed(this ILogger logger, string what, Exception exception);

    [LoggerMessage(1300, LogLevel.Error, "The handler of {What} failed; the client was told internal-server-error")]
    public static partial void HandlerFailed(this ILogger logger, string what, Exception exception);

    [LoggerMessage(1400, LogLevel.Information, "Account {Account} created by {By} from {Remote}")]
    public static partial void AccountRegistered(this ILogger logger, string account, string by, IPAddress? remote);

    [LoggerMessage(1401, LogLevel.Information, "Password of {Account} changed by its owner")]
    public static partial void OwnPasswordChanged(this ILogger logger, string account);

    [LoggerMessage(1402, LogLevel.Information, "Account {Account} removed by its owner")]
    public static partial void OwnAccountRemoved(this ILogger logger, string account);

    [LoggerMessage(1480, LogLevel.Information, "Removed {Files} uploaded files that have expired or whose account is gone")]
    public static partial void FilesRemoved(this ILogger logger, int files);

    [LoggerMessage(1481, LogLevel.Warning, "Removed {Unknown} stored files that nobody knows of, and forgot {Missing} files whose bytes are gone")]
    public static partial void FilesLost(this ILogger logger, int unknown, int missing);

    [LoggerMessage(1482, LogLevel.Error, "The bytes of {Missing} of {All} uploaded files are missing, and nothing is removed: is the directory of files the right one, its disk mounted, and was it restored with the database?")]
    public static partial void FilesMissing(this ILogger logger, int missing, int all);

    [LoggerMessage(1410, LogLevel.Information, "Push of {Account} for {Device} to {Service} ends: {Answer}")]
    public static partial void PushEnded(this ILogger logger, string account, string device, string service, string answer);

    [LoggerMessage(1411, LogLevel.Information, "{Service} cannot take a notification now and is tried again in {Seconds} s: {Answer}")]
    public static partial void PushDelayed(this ILogger logger, string service, long seconds, string answer);

    [LoggerMessage(1412, LogLevel.Warning, "{Service} refuses notifications of this server: {Answer}")]
    public static partial void PushRefused(this ILogger logger, string service, string answer);

    [LoggerMessage(1413, LogLevel.Error, "Looking for devices that were not woken yet failed")]
    public static partial void PushCatchUpFailed(this ILogger logger, Exception exception);

    [LoggerMessage(1403, LogLevel.Information, "{Reported} was reported by {Account}: {Reason} (report {Report})")]
    public static partial void Reported(this ILogger logger, string reported, string account, string reason, long report);

    [LoggerMessage(1404, LogLevel.Warning, "A report by {Account} was not kept: there are too many")]
    public static partial void ReportDropped(this ILogger logger, string account);

    [LoggerMessage(1405, LogLevel.Information, "{Account} executes the command {Node}")]
    public static partial void AdministratorCommand(this ILogger logger, string account, string node);

    [LoggerMessage(1700, LogLevel.Information, "Stream from {From} to {To} is ready ({Proof}, connection {Connection})")]
    public static partial void FederationReady(this ILogger logger, string from, string to, string proof, long connection);

    [LoggerMessage(1701, LogLevel.Information, "{To} cannot be reached from {From}: {Problem}")]
    public static partial void FederationFailed(this ILogger logger, string from, string to, string problem);

    [LoggerMessage(1702, LogLevel.Warning, "{Count} messages to {To} were given back to their senders: {Condition}")]
    public static partial void FederationReturned(this ILogger logger, int count, string to, string condition);

    [LoggerMessage(1703, LogLevel.Information, "Stream from {From} on connection {Connection} refused: {Problem}")]
    public static partial void FederationRefused(this ILogger logger, string? from, long connection, string problem);

    [LoggerMessage(1710, LogLevel.Information, "Component {Domain} is connected (connection {Connection} from {Remote})")]
    public static partial void ComponentReady(this ILogger logger, string domain, long connection, IPEndPoint? remote);

    [LoggerMessage(1711, LogLevel.Warning, "Component {Domain} on connection {Connection} from {Remote} refused: {Problem}")]
    public static partial void ComponentRefused(this ILogger logger, string? domain, long connection, IPEndPoint? remote, string problem);

    [LoggerMessage(1712, LogLevel.Information, "Component {Domain} is not connected any more (connection {Connection}: {Reason})")]
    public static partial void ComponentGone(this ILogger logger, string domain, long connection, EndReason reason);

    [LoggerMessage(1704, LogLevel.Error, "The queue to {To} failed and goes on later")]
    public static partial void FederationQueueFailed(this ILogger logger, string to, Exception exception);
}
