"""Modelled values <-> XML elements, for query, EC2 and REST XML."""

from collections.abc import Mapping

from clearance.wire import scalars, xml
from clearance.wire.shapes import Field, Kind, Service, Shape, Value

__all__ = ["read", "write", "write_members"]

_TIME = "iso8601"


def write(service: Service, field: Field, name: str, value: Value) -> str:
    """The element or elements called ``name`` that hold ``value``."""
    attributes = _namespace(field)
    if field.kind is Kind.STRUCTURE:
        shape = service.shapes[field.target]
        for member in shape.members.values():
            if member.xml_attribute and value.get(member.name) is not None:
                attributes += xml.attribute(member.wire_name, str(value[member.name]))
        return xml.tag(name, write_members(service, shape, value), attributes)
    if field.kind is Kind.LIST:
        return _write_list(service, field, name, value)
    if field.kind is Kind.MAP:
        return _write_map(service, field, name, value)
    text = scalars.to_text(field.kind, value, field.timestamp_format or _TIME)
    return xml.text_tag(name, text, attributes)


def write_members(service: Service, shape: Shape, value: Mapping[str, Value]) -> str:
    """The elements of a structure's members, without the structure's own element."""
    written = []
    for name, field in shape.members.items():
        item = value.get(name)
        if item is None or field.location is not None or field.xml_attribute:
            continue
        written.append(write(service, field, field.wire_name, item))
    return "".join(written)


def _write_list(service: Service, field: Field, name: str, value: Value) -> str:
    item = service.shapes[field.target].member
    if item is None:
        return ""
    if field.flattened:
        called = item.location_name or name
        return "".join(write(service, item, called, v) for v in value)
    called = item.location_name or "member"
    return xml.tag(name, "".join(write(service, item, called, v) for v in value), _namespace(field))


def _write_map(service: Service, field: Field, name: str, value: Value) -> str:
    shape = service.shapes[field.target]
    if shape.key is None or shape.value is None:
        return ""
    key, item = shape.key, shape.value
    entries = (
        write(service, key, key.location_name or "key", k)
        + write(service, item, item.location_name or "value", v)
        for k, v in value.items()
    )
    if field.flattened:
        return "".join(xml.tag(name, entry) for entry in entries)
    return xml.tag(name, "".join(xml.tag("entry", e) for e in entries), _namespace(field))


def _namespace(field: Field) -> str:
    if field.xml_namespace is None:
        return ""
    name = f"xmlns:{field.xml_prefix}" if field.xml_prefix else "xmlns"
    return xml.attribute(name, field.xml_namespace)


def read(service: Service, field: Field, element: xml.Element) -> Value:
    """The value of one element that is not part of a flattened list or map.

    Raises:
        ScalarError: a text is not of the kind the model asks for.
    """
    if field.kind is Kind.STRUCTURE:
        return _read_structure(service, service.shapes[field.target], element)
    if field.kind is Kind.LIST:
        item = service.shapes[field.target].member
        return [read(service, item, child) for child in element.children] if item else []
    if field.kind is Kind.MAP:
        return _read_map(service, field, element.children)
    return scalars.from_text(field.kind, element.text, field.timestamp_format)


def _read_structure(service: Service, shape: Shape, element: xml.Element) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for name, field in shape.members.items():
        if field.location is not None:
            continue
        if field.xml_attribute:
            local = field.wire_name.rpartition(":")[2]
            for key, text in element.attributes.items():
                if key.rpartition(":")[2] == local:
                    found[name] = text
            continue
        children = element.named(field.wire_name)
        if not children and field.flattened and field.kind is Kind.LIST:
            item = service.shapes[field.target].member
            children = element.named(item.location_name) if item and item.location_name else []
        if not children:
            continue
        if field.flattened and field.kind is Kind.LIST:
            item = service.shapes[field.target].member
            found[name] = [read(service, item, child) for child in children] if item else []
        elif field.flattened and field.kind is Kind.MAP:
            found[name] = _read_map(service, field, children)
        else:
            found[name] = read(service, field, children[0])
    return found


def _read_map(service: Service, field: Field, entries: list[xml.Element]) -> dict[str, Value]:
    shape = service.shapes[field.target]
    found: dict[str, Value] = {}
    if shape.key is None or shape.value is None:
        return found
    for entry in entries:
        keys = entry.named(shape.key.location_name or "key")
        values = entry.named(shape.value.location_name or "value")
        if keys and values:
            found[keys[0].text] = read(service, shape.value, values[0])
    return found
