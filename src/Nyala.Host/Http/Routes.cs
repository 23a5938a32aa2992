namespace Nyala.Host.Http;

/// <summary>How addresses that are only read are mapped.</summary>
static class Routes
{
    static readonly string[] Reading = [HttpMethods.Get, HttpMethods.Head];

    /// <summary>Answers GET, and HEAD with the same headers (RFC 9110 §9.3.2; Kestrel leaves the body out).</summary>
    public static void MapReading(this IEndpointRouteBuilder routes, string pattern, RequestDelegate answer) =>
        routes.MapMethods(pattern, Reading, answer);
}
