using System.Globalization;
using Nyala.Host.Certificates;
using Nyala.Host.Configuration;

namespace Nyala.Host.Doctor;

/// <summary>The certificate: readable, a pair, for the domain, in its time, and one that phones accept.</summary>
static class CertificateCheck
{
    const string Name = "Certificate";

    public static Finding Run(NyalaOptions options, TimeProvider time)
    {
        var own = options.CertificateFile is not null;
        var selfSigned = new SelfSigned(options.Data, options.Server.Domain, time);
        if (!own && !File.Exists(selfSigned.CertificateFile))
        {
            return options.IsPublic ? SelfSignedProblem(options) : Finding.Ok(Name, "a self-signed one is made at the first start");
        }

        try
        {
            var pair = own
                ? PemPair.Load(options.CertificateFile!, options.KeyFile!)
                : PemPair.Load(selfSigned.CertificateFile, selfSigned.KeyFile);
            return own || pair.IsFor(options.Server.Domain)
                ? Judge(options, pair, time.GetUtcNow())
                : options.IsPublic ? SelfSignedProblem(options) : Finding.Ok(Name, "a self-signed one for this domain is made at the next start");
        }
        catch (CertificateException e)
        {
            return own
                ? Finding.Problem(Name, e.Message, "Correct Tls:Certificate and Tls:Key.")
                : Finding.Problem(Name, "the self-signed pair is damaged", $"Remove {Path.GetDirectoryName(selfSigned.KeyFile)} and start the server again.");
        }
    }

    static Finding Judge(NyalaOptions options, PemPair pair, DateTimeOffset now)
    {
        var until = pair.NotAfter.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        var days = (int)(pair.NotAfter - now).TotalDays;
        return pair switch
        {
            _ when now < pair.NotBefore => Finding.Problem(
                Name, $"it begins to be valid on {pair.NotBefore.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture)} UTC", "Check the clock, or wait."),
            _ when now > pair.NotAfter => Finding.Problem(Name, $"it expired on {until}", "Renew it now: no client connects with it."),
            _ when !pair.IsFor(options.Server.Domain) => Finding.Problem(
                Name, $"it is for {string.Join(", ", pair.Names)}, not for {options.Server.Domain}", $"Get one that names {options.Server.Domain}."),
            { IsSelfSigned: true } when options.IsPublic => SelfSignedProblem(options),
            { IsSelfSigned: false } when days < 14 => Finding.Problem(Name, $"it expires in {days} days, on {until}", "Renew it; the server takes the new files without a restart."),
            _ => Finding.Ok(Name, $"for {string.Join(", ", pair.Names)}, valid until {until}{(pair.IsSelfSigned ? ", self-signed, renewed by itself" : "")}"),
        };
    }

    static Finding SelfSignedProblem(NyalaOptions options) => Finding.Problem(
        Name, "it is self-signed, and phones refuse that",
        $"Get one for {options.Server.Domain}, for instance with certbot, and set Tls:Certificate and Tls:Key.");
}
