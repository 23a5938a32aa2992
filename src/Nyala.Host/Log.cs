using System.Net;

namespace Nyala.Host;

/// <summary>Every event the host logs.</summary>
static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "Nyala {Version} runs for {Domain} with data in {Data}")]
    public static partial void Started(ILogger logger, string version, string domain, string data);

    [LoggerMessage(2, LogLevel.Information, "Listening for {What} on {Endpoint}")]
    public static partial void Listening(ILogger logger, string what, IPEndPoint endpoint);

    [LoggerMessage(3, LogLevel.Information, "Stopping: {Reason}")]
    public static partial void Stopping(ILogger logger, string reason);

    [LoggerMessage(4, LogLevel.Information, "Stopped")]
    public static partial void Stopped(ILogger logger);

    [LoggerMessage(5, LogLevel.Information, "Certificate for {Names} in force, valid until {NotAfter:yyyy-MM-dd} ({Source})")]
    public static partial void CertificateLoaded(ILogger logger, string names, DateTimeOffset notAfter, string source);

    [LoggerMessage(6, LogLevel.Error, "The changed certificate is not used, the one before stays in force: {Problem}")]
    public static partial void CertificateBroken(ILogger logger, string problem);

    [LoggerMessage(7, LogLevel.Warning, "The certificate expires on {NotAfter:yyyy-MM-dd HH:mm}: renew it")]
    public static partial void CertificateExpires(ILogger logger, DateTimeOffset notAfter);

    [LoggerMessage(16, LogLevel.Error, "The certificate expired on {NotAfter:yyyy-MM-dd HH:mm}: clients refuse it, renew it now")]
    public static partial void CertificateExpired(ILogger logger, DateTimeOffset notAfter);

    [LoggerMessage(17, LogLevel.Error, "The certificate is for {Names}, not for {Domain}: clients refuse it")]
    public static partial void CertificateForOthers(ILogger logger, string names, string domain);

    [LoggerMessage(8, LogLevel.Information, "Account {Account} created by {By}")]
    public static partial void AccountCreated(ILogger logger, string account, string by);

    [LoggerMessage(9, LogLevel.Information, "Account {Account} removed by {By}")]
    public static partial void AccountRemoved(ILogger logger, string account, string by);

    [LoggerMessage(21, LogLevel.Information, "Account {Account} exported by {By}")]
    public static partial void AccountExported(ILogger logger, string account, string by);

    [LoggerMessage(18, LogLevel.Information, "Account {Account} {What} by {By}")]
    public static partial void AccountDisabled(ILogger logger, string account, string what, string by);

    [LoggerMessage(19, LogLevel.Information, "Account {Account} made {Role} by {By}")]
    public static partial void AccountRole(ILogger logger, string account, string role, string by);

    [LoggerMessage(20, LogLevel.Information, "Report {Report} closed by {By}")]
    public static partial void ReportClosed(ILogger logger, long report, string by);

    [LoggerMessage(10, LogLevel.Information, "Password of {Account} changed by {By}")]
    public static partial void PasswordChanged(ILogger logger, string account, string by);

    [LoggerMessage(11, LogLevel.Information, "Invite created by {By}, {Uses} use(s), until {ExpiresAt:yyyy-MM-dd}")]
    public static partial void InviteCreated(ILogger logger, string by, int uses, DateTimeOffset expiresAt);

    [LoggerMessage(12, LogLevel.Information, "Backup written to {File}")]
    public static partial void BackupWritten(ILogger logger, string file);

    [LoggerMessage(13, LogLevel.Warning, "Too many registrations from {Address}: refused")]
    public static partial void TooManyRegistrations(ILogger logger, string address);

    [LoggerMessage(15, LogLevel.Information, "There is no account yet: 'nyala user add NAME --admin' makes the first, 'nyala invite create --admin' an invite for it")]
    public static partial void NoAccounts(ILogger logger);

    [LoggerMessage(22, LogLevel.Error, "An uploaded file could not be stored: {Problem}")]
    public static partial void UploadFailed(ILogger logger, string problem);

    [LoggerMessage(23, LogLevel.Error, "The bytes of an uploaded file are missing: is the directory of files the right one, its disk mounted, and was it restored with the database?")]
    public static partial void FileMissing(ILogger logger);

    [LoggerMessage(14, LogLevel.Error, "A web request failed: {Method} {Route}")]
    public static partial void RequestFailed(ILogger logger, string method, string route, Exception exception);
}
