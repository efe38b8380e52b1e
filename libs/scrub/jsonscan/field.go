package jsonscan

// Field gives the value of a field of the text's outermost object, as it stands
// there. It reads no further than that value, so it proves nothing about the
// rest; ok is false where the field is absent, or the text no object.
func Field(data []byte, name string) (value []byte, ok bool) {
	var s Scanner
	s.Reset(data, 0)
	if t, err := s.Next(); err != nil || t.Kind != ObjectStart {
		return nil, false
	}
	for {
		key, err := s.Next()
		if err != nil || key.Kind != Key {
			return nil, false
		}
		v, err := s.Next()
		if err != nil {
			return nil, false
		}
		if err := s.Skip(); err != nil {
			return nil, false
		}
		if Unquote(data, key) == name {
			return data[v.Start:s.Offset()], true
		}
	}
}
