using Microsoft.AspNetCore.Http.Headers;
using Microsoft.Net.Http.Headers;

namespace Nyala.Host.Http.Files;

/// <summary>Whether a request is to be served as it is (RFC 9110 §13).</summary>
static class Preconditions
{
    /// <summary>The order of §13.2.2; 0: it is to be served, else the status of the answer.</summary>
    /// <param name="tag">The strong tag of the file.</param>
    /// <param name="modified">In whole seconds.</param>
    public static int Status(RequestHeaders request, EntityTagHeaderValue tag, DateTimeOffset modified)
    {
        bool Matches(IList<EntityTagHeaderValue> tags, bool isStrong) =>
            tags.Any(other => other.Equals(EntityTagHeaderValue.Any) || other.Compare(tag, isStrong));

        if (request.IfMatch is { Count: > 0 } wanted)
        {
            if (!Matches(wanted, isStrong: true))
            {
                return StatusCodes.Status412PreconditionFailed;
            }
        }
        else if (request.IfUnmodifiedSince < modified)
        {
            return StatusCodes.Status412PreconditionFailed;
        }

        var isKnown = request.IfNoneMatch is { Count: > 0 } known ? Matches(known, isStrong: false) : request.IfModifiedSince >= modified;
        return isKnown ? StatusCodes.Status304NotModified : 0;
    }

    /// <summary>§13.1.5: whether a part may be sent, because what the client has the other parts of is the same.</summary>
    public static bool AllowsRange(RequestHeaders request, EntityTagHeaderValue tag, DateTimeOffset modified) => request.IfRange switch
    {
        null => true,
        { EntityTag: { } other } => other.Compare(tag, useStrongComparison: true),
        { LastModified: { } time } => time == modified,
        _ => false,
    };
}
