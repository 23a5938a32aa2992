using Nyala.Core;
using Nyala.Features.Files;

namespace Nyala.Host.Http.Files;

/// <summary>The addresses of files.</summary>
static class FileRoutes
{
    const string Pattern = FileAddress.Root + "/{key}/{name}";

    public static void Map(IEndpointRouteBuilder routes, NyalaServer server, ILogger logger)
    {
        if (server.Options.Uploads.IsOff)
        {
            return;
        }

        routes.MapReading(Pattern, new Downloads(server.Store, server.Time, logger).AnswerAsync);
        routes.MapPut(Pattern, new Uploads(server, logger).TakeAsync);
        routes.MapMethods(Pattern, [HttpMethods.Options], Uploads.AllowAsync);
    }

    public static (string Key, string Name) Read(HttpRequest request) =>
        ((string)request.RouteValues["key"]!, (string)request.RouteValues["name"]!);
}
